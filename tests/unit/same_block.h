/* same_block.h - whether two blocks are equal; their structs have padding that nobody fills. */
#ifndef VMATLAS_TEST_SAME_BLOCK_H
#define VMATLAS_TEST_SAME_BLOCK_H

#include "core/blocks.h"

static inline bool same_block(const struct block *a, const struct block *b)
{
	return a->address == b->address && a->size == b->size && a->time == b->time &&
	       a->origin == b->origin && a->mapping == b->mapping && a->thread == b->thread;
}

#endif
