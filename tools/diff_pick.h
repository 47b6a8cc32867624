/* diff_pick.h - which changes and call stacks are shown, in which order, and what the others sum
 * to. */
#ifndef VMATLAS_DIFF_PICK_H
#define VMATLAS_DIFF_PICK_H

#include "diff_model.h"
#include "diff_options.h"

/* Changes that are not listed one by one. */
struct diff_rest {
	uint32_t changes;
	uint64_t growth[DIFF_FIGURES]; /* modulo 2^64 */
};

struct diff_picked_changes {
	const struct diff_change **change; /* largest growth first, then what shrank */
	uint32_t count;
	uint64_t least;          /* bytes of rss, or of size, from which one is listed */
	struct diff_rest others; /* of the program: too small, or too many */
	struct diff_rest kept;   /* of addresses that are only kept free */
	struct diff_rest own;    /* vmatlas's */
};

/* Picks; the array is to be freed. The sums of those listed, the others and vmatlas's own are the
 * growths of the whole. 0 or ENOMEM. */
int diff_pick_changes(struct diff_picked_changes *picked, const struct diff_model *model,
	const struct diff_options *options);

/* Of call stacks: what is compared. */
enum diff_pick_by {
	DIFF_PICK_BLOCKS, /* what they allocated */
	DIFF_PICK_REGIONS /* what they mapped */
};

/* Call stacks that are not listed one by one; growths modulo 2^64. */
struct diff_rest_stacks {
	uint32_t stacks;
	uint64_t bytes, resident, pinned;
	double variance; /* of bytes */
};

struct diff_picked_stacks {
	const struct diff_stack **stack; /* as changes */
	uint32_t count;
	struct diff_rest_stacks others; /* that grew or shrank, too */
};

int diff_pick_stacks(struct diff_picked_stacks *picked, const struct diff_model *model,
	const struct diff_options *options, enum diff_pick_by by);

/* Adds a call stack to those that are not listed, if it grew or shrank; or takes it away again. */
void diff_pick_add(
	struct diff_rest_stacks *rest, const struct diff_stack *stack, enum diff_pick_by by);
void diff_pick_take(
	struct diff_rest_stacks *rest, const struct diff_stack *stack, enum diff_pick_by by);

/* |growth|. */
uint64_t diff_pick_amount(int64_t growth);

#endif
