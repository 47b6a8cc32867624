/* report_json_regions.h - what each call created, and glibc's arenas. */
#ifndef VMATLAS_REPORT_JSON_REGIONS_H
#define VMATLAS_REPORT_JSON_REGIONS_H

#include "report_json.h"

/* The lists "regions" and "arenas" of the report. Anywhere report_json may be called. */
void report_json_regions(struct report_json *self);
void report_json_arenas(struct report_json *self);

#endif
