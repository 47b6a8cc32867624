/* report_json_phases.h - the phases that the program has named, in the JSON report. */
#ifndef VMATLAS_REPORT_JSON_PHASES_H
#define VMATLAS_REPORT_JSON_PHASES_H

#include "report_json.h"

/* All of them, in the order of their marks; an empty list where the program named none. */
void report_json_phases(struct report_json *self);

#endif
