/* atlas_stacks.h - the call stacks of an atlas. */
#ifndef VMATLAS_ATLAS_STACKS_H
#define VMATLAS_ATLAS_STACKS_H

#include "atlas.h"

/* The call stack's entry, made now if need be; NULL when there is no room. Anywhere, as all here.
 */
struct atlas_stack *atlas_stack_of(struct atlas *atlas, uint32_t frame);

/* Adds a quantity of a block of call stack number `index`, which stands for as many as `of` says,
 * and of which `before` was added. */
static inline void atlas_stacks_add(struct atlas *atlas, uint32_t index, enum atlas_held held,
	const struct poisson *of, double quantity, double before)
{
	atlas->sum[index][held] += of->weight * quantity;
	if (of->doubt > 0)
		atlas->variance[index][held] += of->doubt * quantity * (quantity + 2 * before);
}

/* Adds what each has allocated, ever. A block is counted at its origin before it is in the table:
 * after atlas_blocks_count this never finds more blocks than allocations. */
void atlas_stacks_count(struct atlas *atlas);

/* The sums become the figures, whole numbers with their errors. */
void atlas_stacks_round(struct atlas *atlas);

/* Puts them in order, most live bytes first. */
void atlas_stacks_sort(struct atlas *atlas);

#endif
