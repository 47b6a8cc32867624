/* report_json_maps.h - mappings in the JSON report. */
#ifndef VMATLAS_REPORT_JSON_MAPS_H
#define VMATLAS_REPORT_JSON_MAPS_H

#include "report_json.h"

void report_json_mappings(struct report_json *self);

#endif
