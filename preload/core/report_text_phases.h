/* report_text_phases.h - the phases that the program has named, in the text report. */
#ifndef VMATLAS_REPORT_TEXT_PHASES_H
#define VMATLAS_REPORT_TEXT_PHASES_H

#include "report.h"

/* The last of them, and how many there are; nothing where the program named none. */
void report_text_phases(const struct report *report);

#endif
