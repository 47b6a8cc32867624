/* scratch.h - the memory that one dump works with.
 *
 * Mapped for it, and unmapped after it. A process at a limit of its own (RLIMIT_DATA, RLIMIT_AS,
 * vm.max_map_count) gets no more mappings, and that is when somebody wants to see its memory. The
 * first limit does not count what is shared; for the others, address space is set aside at the
 * start, of which nothing is there until then. One dump works at a time, and gives back what it
 * took in the opposite order. */
#ifndef VMATLAS_SCRATCH_H
#define VMATLAS_SCRATCH_H

#include "core/view.h"

#include <stddef.h>
#include <stdint.h>

/* Start only: sets the address space aside, but not more than a small part of a limit that stands
 * already. */
void scratch_boot(void);

/* The program limits its addresses to so many bytes from now on: of what is set aside, no more
 * stays than a small part of it; 0 gives all back. Not beside a dump. */
void scratch_shrink(uint64_t limit);

/* The program has locked all its memory: what is set aside is none that it has. Anywhere. */
void scratch_unlock(void);

/* A dump begins: what an earlier one left, in a parent that was forked meanwhile, is nobody's. */
void scratch_begin(void);

/* Zeros, at the beginning of a page; NULL when there is none to be had. */
void *scratch_take(size_t size);

/* The same for what a dump can be without: nothing that was set aside. */
void *scratch_map(size_t size);

/* Of either. */
void scratch_return(void *memory, size_t size);

/* What was set aside; empty when nothing was. Anywhere. */
struct view_range scratch_aside(void);

#endif
