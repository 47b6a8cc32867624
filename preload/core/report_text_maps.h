/* report_text_maps.h - mappings, and who mapped what, in the text report. */
#ifndef VMATLAS_REPORT_TEXT_MAPS_H
#define VMATLAS_REPORT_TEXT_MAPS_H

#include "report.h"

void report_text_mappings(const struct report *report);

/* Regions by call stack, most bytes first. */
void report_text_regions(struct report *report);

#endif
