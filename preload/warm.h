/* warm.h - the pages that each start needs, all at once: a page fault costs more than a page, in a
 * virtual machine ten times as much (store_fill). Start only. */
#ifndef VMATLAS_WARM_H
#define VMATLAS_WARM_H

#include <stddef.h>

/* For large variables that a start hardly touches: they lie apart from the others. */
#define WARM_NOT __attribute__((aligned(4096)))

/* Our code and our small variables. */
void warm_ourselves(void);

/* The code and the variables of the library that has this function; a small library. */
void warm_library(const void *function);

/* Where the allocator has its next block of `size` bytes. Under the guard, in the real call. */
void warm_heap(size_t size);

#endif
