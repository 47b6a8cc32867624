#include "diff_leaks_blocks.h"

#include <errno.h>
#include <stdlib.h>

static const struct atlas_stack *stack_in(const struct diff_side *side, uint32_t frame)
{
	static const struct atlas_stack none;
	const struct atlas *atlas = &side->atlas;
	uint32_t place = frame <= atlas->frames ? atlas->stack_of[frame] : 0;

	return place ? &atlas->stack[place - 1] : &none;
}

static double square(uint64_t error)
{
	return (double)error * (double)error;
}

static void add(struct diff_leaks *leaks, const struct diff_side *side, uint32_t frame)
{
	const struct diff_side *last = &side[leaks->sides - 1];
	struct diff_leak *leak = diff_leaks_add(leaks, frame);

	for (unsigned i = 0; i < leaks->sides; i++)
		leak->live[i] = stack_in(&side[i], frame)->live_bytes;
	leak->allocations =
		stack_in(&side[1], frame)->samples_ever - stack_in(&side[0], frame)->samples_ever;
	leak->growth_variance = square(stack_in(&side[0], frame)->error[ATLAS_LIVE_BYTES]) +
				square(stack_in(last, frame)->error[ATLAS_LIVE_BYTES]);
}

/* Who is not known is nobody: blocks without a call stack can come from anywhere. */
static void add_all(struct diff_leaks *leaks, const struct diff_side *side)
{
	const struct atlas *last = &side[leaks->sides - 1].atlas;

	for (uint32_t i = 0; i < last->stacks; i++)
		if (last->stack[i].frame && last->stack[i].live_blocks)
			add(leaks, side, last->stack[i].frame);
}

/* -- Of three snapshots and more: blocks that stay ------------------------------------------ */

static uint32_t frame_of(const struct view *view, const struct block *block)
{
	const struct vmatlas_origin *origin = lane_find(view->origins, block->origin);

	return origin ? origin->frame : 0;
}

static bool has(const struct diff_side *side, const struct block *block, uint32_t frame)
{
	struct blocks_tables tables = view_tables(&side->view);
	struct block found;

	return blocks_find(side->view.blocks, &tables, block->address, &found) &&
	       found.size == block->size && found.time == block->time &&
	       frame_of(&side->view, &found) == frame;
}

/* Not in the first, but in all others. */
static bool came_and_stayed(
	const struct diff_side *side, unsigned sides, const struct block *block, uint32_t frame)
{
	for (unsigned i = 1; i + 1 < sides; i++)
		if (!has(&side[i], block, frame))
			return false;
	return true;
}

/* What is in the first snapshot, too, is the same sample: by it, the growth is not in doubt. */
static void weigh(struct diff_leaks *leaks, struct diff_leak *leak, const struct diff_side *side,
	const struct block *block)
{
	const struct diff_side *last = &side[leaks->sides - 1];
	struct poisson of = poisson_of(block->size, last->view.sample_mean);
	double bytes = (double)block->size, variance = of.doubt * bytes * bytes;

	if (has(&side[0], block, leak->frame)) {
		leak->growth_variance -= 2 * variance;
	} else if (came_and_stayed(side, leaks->sides, block, leak->frame)) {
		leak->blocks++;
		leak->tally += of.weight * bytes;
		leak->variance += variance;
	}
}

static void count_survivors(
	struct diff_leaks *leaks, const struct diff_side *side, const uint32_t *number)
{
	const struct diff_side *last = &side[leaks->sides - 1];
	struct blocks_tables tables = view_tables(&last->view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, last->view.blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		uint32_t frame = frame_of(&last->view, &block);
		uint32_t found = frame <= last->atlas.frames ? number[frame] : 0;

		if (found && view_has_callstack(&last->view, &block))
			weigh(leaks, &leaks->leak[found - 1], side, &block);
	}
	for (uint32_t i = 0; i < leaks->count; i++)
		if (leaks->leak[i].blocks && !leaks->leak[i].mapped)
			leaks->leak[i].bytes = poisson_round(leaks->leak[i].tally);
}

/* -- Of two: that nothing went -------------------------------------------------------------- */

static void count_kept(struct diff_leaks *leaks, const struct diff_side *side, uint32_t from)
{
	for (uint32_t i = from; i < leaks->count; i++) {
		struct diff_leak *leak = &leaks->leak[i];
		const struct atlas_stack *old = stack_in(&side[0], leak->frame);
		const struct atlas_stack *new = stack_in(&side[1], leak->frame);

		if (new->samples - old->samples != leak->allocations)
			continue;
		/* Nothing went, so the samples of then are all among those of now. */
		leak->growth_variance =
			square(new->error[ATLAS_LIVE_BYTES]) - square(old->error[ATLAS_LIVE_BYTES]);
		leak->variance = leak->growth_variance;
		leak->blocks = leak->allocations;
		leak->bytes = new->live_bytes - old->live_bytes;
	}
}

int diff_leaks_blocks(struct diff_leaks *leaks, const struct diff_side *side)
{
	uint32_t from = leaks->count, *number;

	add_all(leaks, side);
	number = diff_leaks_keep_growing(leaks, side, from);
	if (!number)
		return ENOMEM;
	if (leaks->survived)
		count_survivors(leaks, side, number);
	else
		count_kept(leaks, side, from);
	free(number);
	return 0;
}
