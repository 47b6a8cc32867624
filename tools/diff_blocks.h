/* diff_blocks.h - block by block and region by region: which came, which went, which stayed. */
#ifndef VMATLAS_DIFF_BLOCKS_H
#define VMATLAS_DIFF_BLOCKS_H

#include "diff_shares.h"
#include "diff_stacks.h"

/* What the passes below read, and where they enter what they find. */
struct diff_books {
	const struct diff_side *side[DIFF_SIDES];
	const struct diff_items *items; /* two, matched */
	const struct diff_frames *frames;
	struct diff_stacks *stacks;
	struct diff_shares *shares;
	bool same_process; /* a block that stands where it stood is known again */
};

/* Walks the blocks of both sides. A block is the same if it has the same address, size, time of
 * birth and call stack. */
void diff_blocks_enter(const struct diff_books *books);

/* Walks the regions of both sides, which lie where the kernel still has them mapped. */
void diff_regions_enter(const struct diff_books *books);

/* Resident bytes in [start, end), as a snapshot knows them of any addresses; 0 where it does not.
 */
uint64_t diff_resident(const struct view *view, uint64_t start, uint64_t end);

#endif
