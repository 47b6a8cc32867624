/* report_text_maps.h - mappings, and the parts of those that are several things, in the text
 * report. */
#ifndef VMATLAS_REPORT_TEXT_MAPS_H
#define VMATLAS_REPORT_TEXT_MAPS_H

#include "report.h"

/* Anywhere report_text may be called. */
void report_text_mappings(const struct report *report);

#endif
