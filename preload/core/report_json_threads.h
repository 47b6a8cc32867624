/* report_json_threads.h - threads and blocks in the JSON report. */
#ifndef VMATLAS_REPORT_JSON_THREADS_H
#define VMATLAS_REPORT_JSON_THREADS_H

#include "report_json.h"

void report_json_threads(struct report_json *self);

/* Every block, in the order of addresses. */
void report_json_blocks(struct report_json *self);

#endif
