/* addr_block.h - which block an address lies in, and its neighbours. */
#ifndef VMATLAS_ADDR_BLOCK_H
#define VMATLAS_ADDR_BLOCK_H

#include "../preload/core/view.h"

struct addr_blocks {
	bool held, has_before, has_after;
	struct block block;  /* that holds the address */
	struct block before; /* the last that starts at or before it, and does not hold it */
	struct block after;  /* the first that starts behind it */
};

/* None is looked for outside of [floor, end). */
struct addr_blocks addr_blocks_around(
	const struct view *view, uint64_t address, uint64_t floor, uint64_t end);

/* The call stack of a block, 0 unknown. */
uint32_t addr_block_frame(const struct view *view, const struct block *block);

#endif
