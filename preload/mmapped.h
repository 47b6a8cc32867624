/* mmapped.h - large blocks, for each of which glibc maps memory of its own.
 *
 * Such a chunk says so in its header (IS_MMAPPED, malloc/malloc.c), whose two words stand before
 * the block. Only a block that we saw the allocator make surely has one. */
#ifndef VMATLAS_MMAPPED_H
#define VMATLAS_MMAPPED_H

#include "boot.h"
#include "mappings.h"

#include <stddef.h>

enum { MMAPPED_FLAG = 2, MMAPPED_FLAGS = 7 };

/* Whether the block, of glibc's, is one. Anywhere. */
static inline bool is_mmapped_chunk(const void *block)
{
	return ((const size_t *)block)[-1] & MMAPPED_FLAG;
}

/* The same of any allocator's. Anywhere. */
static inline bool is_mmapped(const void *block)
{
	return boot_glibc() && is_mmapped_chunk(block);
}

/* glibc is about to unmap it, by an internal call: says so to who relies on maps. Anywhere. */
static inline void mmapped_gone(const void *block)
{
	const size_t *header = (const size_t *)block - 2;
	uintptr_t start = (uintptr_t)header - header[0];

	mappings_changed(start, start + header[0] + (header[1] & ~(size_t)MMAPPED_FLAGS));
}

#endif
