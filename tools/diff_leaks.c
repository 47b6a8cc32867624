#include "diff_leaks.h"

#include <errno.h>
#include <stdlib.h>

const char *diff_leaks_cannot(const struct diff_side *side, unsigned sides)
{
	for (unsigned i = 0; i < sides; i++) {
		if (!side[i].snapshot)
			return "leaks can be suspected in snapshots only";
		if (i && !diff_side_same_process(&side[i - 1], &side[i]))
			return "leaks can be suspected only in snapshots of one process";
		if (i && side[i].view.now.ticks <= side[i - 1].view.now.ticks)
			return "leaks can be suspected only in the order of time";
	}
	return NULL;
}

/* -- Call stacks that grew ------------------------------------------------------------------ */

static const struct atlas_stack *stack_in(const struct diff_side *side, uint32_t frame)
{
	static const struct atlas_stack none;
	const struct atlas *atlas = &side->atlas;
	uint32_t place = frame <= atlas->frames ? atlas->stack_of[frame] : 0;

	return place ? &atlas->stack[place - 1] : &none;
}

static bool grew_always(const struct diff_side *side, unsigned sides, uint32_t frame)
{
	for (unsigned i = 1; i < sides; i++)
		if (stack_in(&side[i], frame)->live_bytes <=
			stack_in(&side[i - 1], frame)->live_bytes)
			return false;
	return true;
}

static int take_memory(struct diff_leaks *leaks, const struct atlas *last)
{
	leaks->leak = calloc((size_t)last->stacks + 1, sizeof(*leaks->leak));
	leaks->live = calloc((size_t)last->stacks * leaks->sides + 1, sizeof(*leaks->live));
	return leaks->leak && leaks->live ? 0 : ENOMEM;
}

static void put_candidate(struct diff_leaks *leaks, const struct diff_side *side, uint32_t frame)
{
	uint64_t *live = leaks->live + (size_t)leaks->count * leaks->sides;

	for (unsigned i = 0; i < leaks->sides; i++)
		live[i] = stack_in(&side[i], frame)->live_bytes;
	leaks->leak[leaks->count++] = (struct diff_leak){
		.frame = frame,
		.allocations = stack_in(&side[1], frame)->allocations -
			       stack_in(&side[0], frame)->allocations,
		.live = live,
	};
}

/* Who is not known is nobody: blocks without a call stack can come from anywhere. */
static void put_candidates(struct diff_leaks *leaks, const struct diff_side *side)
{
	const struct atlas *last = &side[leaks->sides - 1].atlas;

	for (uint32_t i = 0; i < last->stacks; i++) {
		uint32_t frame = last->stack[i].frame;

		if (frame && grew_always(side, leaks->sides, frame))
			put_candidate(leaks, side, frame);
	}
}

/* -- Blocks that stay ----------------------------------------------------------------------- */

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

static bool came_and_stayed(
	const struct diff_side *side, unsigned sides, const struct block *block, uint32_t frame)
{
	if (has(&side[0], block, frame))
		return false;
	for (unsigned i = 1; i + 1 < sides; i++)
		if (!has(&side[i], block, frame))
			return false;
	return true;
}

/* By frame number: its leak's number, from 1; NULL if memory is out. */
static uint32_t *index_of(const struct diff_leaks *leaks, const struct atlas *last)
{
	uint32_t *index = calloc((size_t)last->frames + 1, sizeof(*index));

	for (uint32_t i = 0; index && i < leaks->count; i++)
		index[leaks->leak[i].frame] = i + 1;
	return index;
}

static int count_survivors(struct diff_leaks *leaks, const struct diff_side *side)
{
	const struct diff_side *last = &side[leaks->sides - 1];
	struct blocks_tables tables = view_tables(&last->view);
	uint32_t *index = index_of(leaks, &last->atlas);
	struct blocks_cursor cursor;
	struct block block;

	if (!index)
		return ENOMEM;
	blocks_begin(&cursor, last->view.blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		uint32_t frame = frame_of(&last->view, &block);
		uint32_t number = frame <= last->atlas.frames ? index[frame] : 0;

		if (!number || !came_and_stayed(side, leaks->sides, &block, frame))
			continue;
		leaks->leak[number - 1].blocks++;
		leaks->leak[number - 1].bytes += block.size;
	}
	free(index);
	return 0;
}

/* -- The whole ------------------------------------------------------------------------------ */

static void count_kept(struct diff_leaks *leaks, const struct diff_side *side)
{
	for (uint32_t i = 0; i < leaks->count; i++) {
		struct diff_leak *leak = &leaks->leak[i];
		const struct atlas_stack *old = stack_in(&side[0], leak->frame);
		const struct atlas_stack *new = stack_in(&side[1], leak->frame);

		if (new->live_blocks - old->live_blocks != leak->allocations)
			continue;
		leak->blocks = leak->allocations;
		leak->bytes = new->live_bytes - old->live_bytes;
	}
}

static int by_bytes(const void *left, const void *right)
{
	const struct diff_leak *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return (a->frame > b->frame) - (a->frame < b->frame);
}

static void keep_suspects(struct diff_leaks *leaks)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < leaks->count; i++)
		if (leaks->leak[i].blocks)
			leaks->leak[kept++] = leaks->leak[i];
	leaks->count = kept;
	if (kept)
		qsort(leaks->leak, kept, sizeof(*leaks->leak), by_bytes);
}

int diff_leaks_make(struct diff_leaks *leaks, const struct diff_side *side, unsigned sides)
{
	int error;

	*leaks = (struct diff_leaks){.sides = sides, .survived = sides > 2};
	error = take_memory(leaks, &side[sides - 1].atlas);
	if (error)
		return error;
	put_candidates(leaks, side);
	if (leaks->survived)
		error = count_survivors(leaks, side);
	else
		count_kept(leaks, side);
	keep_suspects(leaks);
	return error;
}

void diff_leaks_free(struct diff_leaks *leaks)
{
	free(leaks->leak);
	free(leaks->live);
}
