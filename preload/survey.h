/* survey.h - what lines of maps do not tell, looked up in the memory that they speak of.
 *
 * glibc maps its arenas and large blocks past every wrapper, but leaves a header in each; a loaded
 * ELF file has its program headers in its first page. The kernel reads for us
 * (process_vm_readv(2)), so what is unmapped meanwhile is an error and no crash; nothing that
 * stands there is believed unless its figures agree with each other and with maps. */
#ifndef VMATLAS_SURVEY_H
#define VMATLAS_SURVEY_H

#include "core/view.h"

#include <stddef.h>

struct survey;

/* Memory for a survey of this process. Anywhere, as all here. */
size_t survey_memory(const struct view *view);

/* Looks around, and fills view->extent and view->image with what was found; both lie in `memory`
 * (zeros, survey_memory bytes), which stays the caller's. Where the kernel refuses, there are just
 * fewer. Returns how often it was given up to look for what malloc holds between free chunks: the
 * more, the more too high is what passes for trimmable. One dump at a time: arenas keep their
 * numbers from one to the next. */
uint64_t survey_take(struct view *view, void *memory, size_t size);

#endif
