#include "atlas_sums.h"

void atlas_sums_add(struct atlas_sums *sums, const struct atlas *atlas,
	const struct atlas_region *region, const struct view_range *range)
{
	const struct atlas_part *part = atlas_part_past(atlas, range->start);
	uint32_t number = (uint32_t)(region - atlas->region) + 1;

	for (; part && part < atlas->part + atlas->parts && part->start < range->end; part++) {
		if (part->region != number)
			continue;
		sums->rss += part->rss;
		sums->live_blocks += part->live_blocks;
		sums->live_bytes += part->live_bytes;
		sums->live_resident += part->live_resident;
		sums->retained += part->retained;
		sums->trimmable += part->trimmable;
		sums->pinned += part->pinned;
	}
}

/* -- Arenas --------------------------------------------------------------------------------- */

/* The heaps of arenas are among the first regions: as many as the survey has found. */
static uint32_t surveyed(const struct atlas *atlas)
{
	return atlas->view->extents < atlas->regions ? atlas->view->extents : atlas->regions;
}

/* The lowest number above `last`, 0 for none. */
static uint32_t number_above(const struct atlas *atlas, uint32_t last)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < surveyed(atlas); i++) {
		uint32_t number = atlas->region[i].arena;

		if (number > last && (!next || number < next))
			next = number;
	}
	return next;
}

static void add_thread(struct atlas_arena *arena, uint32_t thread)
{
	for (uint32_t i = 0; i < arena->threads; i++) {
		if (arena->thread[i] == thread)
			return;
	}
	if (arena->threads < ATLAS_ARENA_THREADS)
		arena->thread[arena->threads++] = thread;
	else
		arena->more_threads = true;
}

static void add_threads(
	struct atlas_arena *arena, const struct view *view, const struct atlas_region *heap)
{
	struct blocks_tables tables = view_tables(view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, view->blocks, &tables);
	cursor.window = blocks_window(heap->start);
	while (blocks_next(&cursor, &block) && block.address < heap->end) {
		if (block.thread)
			add_thread(arena, block.thread);
		else
			arena->more_threads = true;
	}
}

static void add_heap(
	struct atlas_arena *arena, const struct atlas *atlas, const struct atlas_region *heap)
{
	const struct view_range range = {heap->start, heap->end};

	arena->heaps++;
	arena->reserved += heap->end - heap->start;
	arena->committed += heap->committed;
	atlas_sums_add(&arena->sums, atlas, heap, &range);
	add_threads(arena, atlas->view, heap);
}

bool atlas_arena_next(const struct atlas *atlas, struct atlas_arena *arena)
{
	uint32_t number = number_above(atlas, arena->number);

	*arena = (struct atlas_arena){.number = number};
	for (uint32_t i = 0; number && i < surveyed(atlas); i++) {
		if (atlas->region[i].arena == number)
			add_heap(arena, atlas, &atlas->region[i]);
	}
	return number != 0;
}
