/* diff_change.h - some mappings of then, and what they are now. */
#ifndef VMATLAS_DIFF_CHANGE_H
#define VMATLAS_DIFF_CHANGE_H

#include "diff_item.h"

enum diff_then { DIFF_OLD, DIFF_NEW, DIFF_SIDES };

/* The kernel merges and splits mappings, so there can be several on either side. Each mapping is in
 * exactly one change, and sums over all changes are sums over all mappings. */
struct diff_change {
	uint32_t first[DIFF_SIDES]; /* item by its number, from 1; 0: none */
	uint32_t count[DIFF_SIDES];
	bool moved; /* to another address */
	uint64_t figure[DIFF_SIDES][DIFF_FIGURES];
};

struct diff_changes {
	struct diff_change *change; /* in the order of addresses */
	uint32_t count;
};

/* By how much a figure grew; negative where it shrank. Modulo 2^64, as all sums of these. */
int64_t diff_change_growth(const struct diff_change *change, enum diff_figure figure);

/* The item that says what the change is about: the largest of now, else of then. */
const struct diff_item *diff_change_item(
	const struct diff_change *change, const struct diff_items items[DIFF_SIDES]);

/* "new", "gone", "grown" and "shrunk" by size; "touched" and "released" where only what is
 * resident changed; "changed" for other figures, "same" for none. */
const char *diff_change_word(const struct diff_change *change);

#endif
