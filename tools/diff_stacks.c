#include "diff_stacks.h"

#include <errno.h>
#include <stdlib.h>

struct diff_stack *diff_stacks_at(struct diff_stacks *stacks, const struct diff_frames *frames,
	enum diff_then side, uint32_t frame)
{
	uint32_t id = diff_frames_of(frames, side, frame), *place = &stacks->place[id];

	if (!*place) {
		/* There is room for each call stack of either side. */
		*place = ++stacks->count;
		stacks->stack[*place - 1].id = id;
	}
	if (id && !stacks->stack[*place - 1].frame[side])
		stacks->stack[*place - 1].frame[side] = frame;
	return &stacks->stack[*place - 1];
}

static void enter(struct diff_held *held, const struct atlas_stack *stack)
{
	held->live_blocks += stack->live_blocks;
	held->live_bytes += stack->live_bytes;
	held->live_resident += stack->live_resident;
	held->pinned += stack->pinned;
	held->allocations += stack->allocations;
	held->allocated_bytes += stack->allocated_bytes;
	for (unsigned i = 0; i < ATLAS_HELDS; i++)
		held->variance[i] += (double)stack->error[i] * (double)stack->error[i];
}

static uint64_t room_for(const struct diff_side *side)
{
	/* With who mapped regions and made threads, and the unknown one. */
	return (uint64_t)side->atlas.stacks + lane_count(side->view.regions) +
	       lane_count(side->view.threads) + 1;
}

static bool take_memory(struct diff_stacks *stacks, const struct diff_frames *frames,
	const struct diff_side *const sides[DIFF_SIDES])
{
	uint64_t room = room_for(sides[DIFF_OLD]) + room_for(sides[DIFF_NEW]);

	/* Nor are there more than the frames of both. */
	if (room > (uint64_t)frames->count + 1)
		room = (uint64_t)frames->count + 1;
	*stacks = (struct diff_stacks){.room = (uint32_t)room, .places = frames->count + 1};
	stacks->stack = calloc(room, sizeof(*stacks->stack));
	stacks->place = calloc(stacks->places, sizeof(*stacks->place));
	return stacks->stack && stacks->place;
}

int diff_stacks_make(struct diff_stacks *stacks, const struct diff_frames *frames,
	const struct diff_side *const sides[DIFF_SIDES])
{
	if (!take_memory(stacks, frames, sides))
		return ENOMEM;
	for (int side = 0; side < DIFF_SIDES; side++) {
		const struct atlas *atlas = &sides[side]->atlas;

		for (uint32_t i = 0; i < atlas->stacks; i++)
			enter(&diff_stacks_at(
				      stacks, frames, (enum diff_then)side, atlas->stack[i].frame)
					->held[side],
				&atlas->stack[i]);
	}
	return 0;
}

void diff_stacks_free(struct diff_stacks *stacks)
{
	free(stacks->stack);
	free(stacks->place);
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void settle(struct diff_blocks_sum *sum, const struct diff_tally *tally)
{
	sum->blocks = poisson_round(tally->blocks.sum);
	sum->bytes = poisson_round(tally->bytes.sum);
	sum->resident = poisson_round(tally->resident.sum);
	sum->blocks_error = poisson_error(tally->blocks.variance);
}

/* Nothing tells of which blocks the pinned bytes are the same ones. */
static uint64_t pinned_error(const struct diff_stack *stack)
{
	return poisson_error(stack->held[DIFF_OLD].variance[ATLAS_PINNED] +
			     stack->held[DIFF_NEW].variance[ATLAS_PINNED]);
}

void diff_stacks_settle(struct diff_stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->count; i++) {
		struct diff_stack *stack = &stacks->stack[i];

		settle(&stack->born, &stack->tally.born);
		settle(&stack->freed, &stack->tally.freed);
		settle(&stack->stayed, &stack->tally.stayed);
		stack->touched = poisson_whole(stack->tally.touched.sum);
		stack->live_error = poisson_error(stack->tally.live);
		stack->resident_error = poisson_error(stack->tally.resident);
		stack->pinned_error = pinned_error(stack);
	}
}

/* -- Growths -------------------------------------------------------------------------------- */

static int64_t growth(uint64_t old, uint64_t new)
{
	return (int64_t)(new - old);
}

int64_t diff_stack_live(const struct diff_stack *stack)
{
	return growth(stack->held[DIFF_OLD].live_bytes, stack->held[DIFF_NEW].live_bytes);
}

int64_t diff_stack_resident(const struct diff_stack *stack)
{
	return growth(stack->held[DIFF_OLD].live_resident, stack->held[DIFF_NEW].live_resident);
}

int64_t diff_stack_pinned(const struct diff_stack *stack)
{
	return growth(stack->held[DIFF_OLD].pinned, stack->held[DIFF_NEW].pinned);
}

int64_t diff_stack_regions(const struct diff_stack *stack)
{
	return growth(stack->held[DIFF_OLD].region_bytes, stack->held[DIFF_NEW].region_bytes);
}

int64_t diff_stack_region_resident(const struct diff_stack *stack)
{
	return growth(stack->held[DIFF_OLD].region_resident, stack->held[DIFF_NEW].region_resident);
}

int64_t diff_stack_newly_live(const struct diff_stack *stack)
{
	return growth(stack->freed.resident, stack->born.resident);
}
