/* diff_books.h - what goes through both sides, and where it enters what it finds. */
#ifndef VMATLAS_DIFF_BOOKS_H
#define VMATLAS_DIFF_BOOKS_H

#include "diff_shares.h"
#include "diff_stacks.h"

struct diff_books {
	const struct diff_side *side[DIFF_SIDES];
	const struct diff_items *items; /* two, matched */
	const struct diff_frames *frames;
	struct diff_stacks *stacks;
	struct diff_shares *shares;
	bool same_process; /* a block that stands where it stood is known again */
};

/* Resident bytes in [start, end), as a snapshot knows them of any addresses; 0 where it does not.
 */
uint64_t diff_resident(const struct view *view, uint64_t start, uint64_t end);

#endif
