/* diff_stacks.h - what each call stack held then, and holds now. */
#ifndef VMATLAS_DIFF_STACKS_H
#define VMATLAS_DIFF_STACKS_H

#include "diff_frames.h"
#include "diff_match.h"
#include "diff_side.h"

/* What a call stack holds at one moment. */
struct diff_held {
	uint64_t live_blocks, live_bytes, live_resident, pinned;
	uint64_t allocations, allocated_bytes;           /* ever */
	uint64_t regions, region_bytes, region_resident; /* what it mapped and still has */
	double variance[ATLAS_HELDS]; /* squares of the standard errors, where it is sampled */
};

/* Some blocks; where call stacks are sampled, what the samples among them stand for. */
struct diff_blocks_sum {
	uint64_t blocks, bytes, resident;
	uint64_t blocks_error; /* one standard error */
};

/* The same while they are counted. */
struct diff_tally {
	struct poisson_sum blocks, bytes, resident;
};

struct diff_stack {
	uint32_t id;                /* as diff_frames numbers it; 0: call stack unknown */
	uint32_t frame[DIFF_SIDES]; /* its number in either snapshot; 0: it is not there */
	struct diff_held held[DIFF_SIDES];
	/* Of one process only: blocks that came and went in between, and those that stayed. */
	struct diff_blocks_sum born, freed, stayed;
	int64_t touched; /* by how much those that stayed have more resident */
	struct {
		struct diff_tally born, freed, stayed;
		struct poisson_sum touched;
		double live, resident; /* variances of the growths */
	} tally;                       /* for diff_stacks_settle */
	/* One standard error of diff_stack_live, _resident and _pinned. */
	uint64_t live_error, resident_error, pinned_error;
};

struct diff_stacks {
	struct diff_stack *stack; /* in no order */
	uint32_t count, room;
	uint32_t *place; /* by id: index in stack, from 1; 0: none yet */
	uint32_t places;
};

/* Enters what the atlases of both sides say of call stacks, but for regions and born, freed and
 * stayed. 0 or ENOMEM; to be given to diff_stacks_free in any case. */
int diff_stacks_make(struct diff_stacks *stacks, const struct diff_frames *frames,
	const struct diff_side *const sides[DIFF_SIDES]);
void diff_stacks_free(struct diff_stacks *stacks);

/* The call stack with this frame number on one side: a new one where it was not met yet. The
 * pointer stays good. */
struct diff_stack *diff_stacks_at(struct diff_stacks *stacks, const struct diff_frames *frames,
	enum diff_then side, uint32_t frame);

/* Once all blocks are entered: what was tallied becomes whole numbers. */
void diff_stacks_settle(struct diff_stacks *stacks);

/* Growths, modulo 2^64. */
int64_t diff_stack_live(const struct diff_stack *stack);
/* Resident bytes of its blocks, and those of others that they pin. */
int64_t diff_stack_resident(const struct diff_stack *stack);
int64_t diff_stack_pinned(const struct diff_stack *stack);
int64_t diff_stack_regions(const struct diff_stack *stack);
int64_t diff_stack_region_resident(const struct diff_stack *stack);
/* The part of diff_stack_resident's blocks that came with blocks that were allocated since, less
 * what went with those that were freed. */
int64_t diff_stack_newly_live(const struct diff_stack *stack);

#endif
