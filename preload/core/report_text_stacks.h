/* report_text_stacks.h - call stacks in the text report. */
#ifndef VMATLAS_REPORT_TEXT_STACKS_H
#define VMATLAS_REPORT_TEXT_STACKS_H

#include "report.h"

/* Words of scratch memory to find out in which mappings their blocks live. */
size_t report_text_stacks_words(const struct atlas *atlas, const struct report_options *options);

/* Those with the most live bytes, each with its frames. */
void report_text_stacks(struct report *report);

/* The frames of one call stack, a line each, behind `indent` blanks. */
void report_text_frames(const struct report *report, uint32_t frame, size_t indent);

/* " ± 1.2 MiB" and " ± 12", nothing where call stacks are not sampled. */
void report_text_size_error(struct text *text, const struct atlas *atlas, uint64_t error);
void report_text_count_error(struct text *text, const struct atlas *atlas, uint64_t error);

/* How many call stacks a section lists. */
uint32_t report_text_most(const struct report_options *options);

#endif
