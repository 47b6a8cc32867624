/* held.h - memory of malloc's that is neither the program's nor free.
 *
 * Between two live blocks malloc has free chunks, and some that it does not call free: what a
 * thread keeps at hand (its tcache), its own tables, and blocks of libc's, the loader's or ours
 * that passed no wrapper. malloc_trim(0) gives nothing of these back, so whoever wants to know
 * what it would give back has to know where they are. */
#ifndef VMATLAS_HELD_H
#define VMATLAS_HELD_H

#include "core/view.h"

#include <stddef.h>

struct held;

/* Memory for a search. Anywhere, as all here. */
size_t held_memory(void);

/* Begins in `memory` (zeros, held_memory() bytes), which stays the caller's. */
struct held *held_begin(void *memory, const struct view *view);

/* The brk heap of glibc, or one of an arena: its chunks begin at `first` and end at `end`, and
 * [top, end) is the topmost where that is known, else top is end. By ascending addresses. */
void held_search(struct held *held, uint64_t first, uint64_t end, uint64_t top);

/* What was found: in order, and good as long as the memory. */
const struct view_range *held_found(const struct held *held, uint32_t *count);

/* How often it was given up to look for more. */
uint64_t held_missed(const struct held *held);

#endif
