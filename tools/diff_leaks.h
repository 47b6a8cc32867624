/* diff_leaks.h - call stacks that look as if they leaked, over several snapshots of one process. */
#ifndef VMATLAS_DIFF_LEAKS_H
#define VMATLAS_DIFF_LEAKS_H

#include <stdbool.h>
#include <stdint.h>

#include "diff_side.h"

/* A suspect. */
struct diff_leak {
	uint32_t frame;         /* the call stack, in the last snapshot's tables */
	bool mapped;            /* of what it mapped, not allocated */
	uint64_t blocks, bytes; /* the evidence: blocks, or regions */
	uint64_t allocations;   /* between the first and the second snapshot; of blocks only */
	uint64_t *live;         /* bytes in each snapshot */
	/* Where call stacks are sampled: squares of the standard errors of the growth from the
	 * first snapshot to the last, and of `bytes`. `blocks` and `allocations` are then samples.
	 */
	double growth_variance, variance;
	double tally; /* bytes while they are summed up */
};

struct diff_leaks {
	struct diff_leak *leak; /* most bytes first */
	uint32_t count;
	unsigned sides;
	bool survived;  /* the evidence is of three snapshots or more */
	uint64_t *live; /* all series, in the order in which they were added, */
	size_t series;  /* and how many */
};

/* Whether the question makes sense: snapshots of one process in the order of time; if not, why. */
const char *diff_leaks_cannot(const struct diff_side *side, unsigned sides);

/* Of three snapshots and more, a suspect is a call stack whose live bytes grew in each interval,
 * and of which blocks that were allocated between the first and the second snapshot are live in all
 * later ones: these are its blocks and bytes. Of two snapshots, one that grew and freed nothing in
 * between, neither older blocks nor newer ones: its blocks and bytes are those that came. The same
 * goes for regions and what is mapped. Where call stacks are sampled, it must have grown by more
 * than two standard errors. A cache that is still filling fits, too. 0 or ENOMEM; to be given to
 * diff_leaks_free in any case. */
int diff_leaks_make(struct diff_leaks *leaks, const struct diff_side *side, unsigned sides);
void diff_leaks_free(struct diff_leaks *leaks);

/* -- For those who look for them ------------------------------------------------------------ */

/* Adds one, with zeros for its series, and returns it. There is room for each call stack that
 * allocated and each region. */
struct diff_leak *diff_leaks_add(struct diff_leaks *leaks, uint32_t frame);

/* Takes those from number `from` on that did not grow in each interval away again, and returns by
 * frame number in the last snapshot the numbers, from 1, of those that did: to be freed; NULL if
 * memory is out. */
uint32_t *diff_leaks_keep_growing(
	struct diff_leaks *leaks, const struct diff_side *side, uint32_t from);

#endif
