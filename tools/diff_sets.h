/* diff_sets.h - the mappings of both sides, in sets of what belongs together. */
#ifndef VMATLAS_DIFF_SETS_H
#define VMATLAS_DIFF_SETS_H

#include "diff_match.h"

/* Items are nodes, numbered through: the old ones, then the new ones. At first each is a set of its
 * own. */
struct diff_sets {
	struct diff_items *items; /* two */
	const struct diff_match_how *how;
	uint32_t *parent; /* by node; its own at the root of a set */
	uint32_t nodes;
};

/* 0 or ENOMEM; to be given to diff_sets_free in any case. */
int diff_sets_make(struct diff_sets *sets, struct diff_items items[DIFF_SIDES],
	const struct diff_match_how *how);
void diff_sets_free(struct diff_sets *sets);

struct diff_item *diff_sets_item(const struct diff_sets *sets, uint32_t node);
enum diff_then diff_sets_side(const struct diff_sets *sets, uint32_t node);

/* The node that stands for the set. */
uint32_t diff_sets_root(struct diff_sets *sets, uint32_t node);

void diff_sets_unite(struct diff_sets *sets, uint32_t a, uint32_t b);

/* Fills in by root: bit 1 << side for each side that has items in the set. */
void diff_sets_find_sides(struct diff_sets *sets, uint32_t *sides);

/* Whether a call that was seen made the item since the other side was taken. */
bool diff_sets_made_since(const struct diff_sets *sets, uint32_t node);

/* A node with its item, for qsort, which has no place for what to compare by. */
struct diff_sets_keyed {
	const struct diff_item *item;
	uint32_t node;
};

#endif
