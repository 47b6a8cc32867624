/* report_json_stacks.h - call stacks in the JSON report. */
#ifndef VMATLAS_REPORT_JSON_STACKS_H
#define VMATLAS_REPORT_JSON_STACKS_H

#include "report_json.h"

/* All that ever allocated, most live bytes first, then those that were referred to and did not. */
void report_json_stacks(struct report_json *self);

/* "frames": those of one call stack, innermost first. */
void report_json_frames(const struct report *report, struct json *json, uint32_t frame);

#endif
