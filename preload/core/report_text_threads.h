/* report_text_threads.h - threads and blocks in the text report. */
#ifndef VMATLAS_REPORT_TEXT_THREADS_H
#define VMATLAS_REPORT_TEXT_THREADS_H

#include "report.h"

void report_text_threads(const struct report *report);

/* Every block, in the order of addresses. */
void report_text_blocks(const struct report *report);

#endif
