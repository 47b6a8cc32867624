#include "atlas_regions.h"
#include "region.h"

enum {
	/* What other threads may map while we are on our way. */
	MARGIN = 512,
	/* The heaps of arenas begin at multiples of this (HEAP_MAX_SIZE, malloc/arena.c). */
	ARENA_ALIGNED = 64 << 20,
};

uint32_t atlas_regions_list_room(const struct view *view, enum atlas_list list)
{
	switch (list) {
	case ATLAS_LIST_OWN:
		return view->owns;
	case ATLAS_LIST_BSS:
		return view->images;
	case ATLAS_LIST_MALLOC:
		return view->extents;
	case ATLAS_LIST_STACKS:
		return 2 * lane_count(view->threads) + MARGIN;
	case ATLAS_LIST_CALLS:
		return lane_count(view->regions) + MARGIN;
	case ATLAS_LISTS:
		break;
	}
	return 0;
}

uint32_t atlas_regions_room(const struct view *view)
{
	uint32_t sum = 0;

	for (int i = 0; i < ATLAS_LISTS; i++)
		sum += atlas_regions_list_room(view, (enum atlas_list)i);
	return sum;
}

/* Number of the new region, 0 when there is no room. */
static uint32_t add_region(struct atlas *atlas, const struct atlas_region *region)
{
	if (atlas->regions == atlas->region_room) {
		atlas->overflow++;
		return 0;
	}
	atlas->region[atlas->regions] = *region;
	return ++atlas->regions;
}

static void add_span(struct atlas *atlas, enum atlas_list list, uint64_t start, uint64_t end,
	enum kind kind, uint32_t region)
{
	if (!spans_add(&atlas->lists->list[list], (struct span){start, end, region, kind}))
		atlas->overflow++;
}

/* Ours are whole pages, though only part of the last one may be in use. */
static void find_own(struct atlas *atlas)
{
	const uint64_t inside = atlas->view->page_size - 1;

	for (unsigned i = 0; i < atlas->view->owns; i++) {
		const struct view_range *own = &atlas->view->own[i];

		add_span(atlas, ATLAS_LIST_OWN, own->start & ~inside, (own->end + inside) & ~inside,
			KIND_VMATLAS, 0);
	}
}

static void find_bss(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->view->images; i++) {
		const struct vmatlas_image *image = &atlas->view->image[i];

		add_span(atlas, ATLAS_LIST_BSS, image->data_start, image->data_end, KIND_BSS, 0);
	}
}

static void find_extent(struct atlas *atlas, const struct vmatlas_extent *extent)
{
	bool arena = extent->what == VMATLAS_EXTENT_ARENA;
	struct atlas_region region = {
		.start = extent->start,
		.end = extent->end,
		.committed = extent->committed,
		.block = extent->inside,
		.kind = arena ? KIND_ARENA : KIND_MALLOC_MMAP,
		.arena = extent->arena,
	};

	add_span(atlas, ATLAS_LIST_MALLOC, region.start, region.end, (enum kind)region.kind,
		add_region(atlas, &region));
}

/* The heap of an arena that begins here, or NULL. The list is in order. */
static struct atlas_region *arena_at(struct atlas *atlas, uint64_t start)
{
	const struct span *span = spans_holding(&atlas->lists->list[ATLAS_LIST_MALLOC], start);
	struct atlas_region *region = span && span->id ? &atlas->region[span->id - 1] : NULL;

	return region && region->arena && region->start == start ? region : NULL;
}

/* glibc maps a heap for the sake of one block, the first that is born there. */
static void find_arenas_beginnings(struct atlas *atlas)
{
	const struct view *view = atlas->view;
	uint32_t count = lane_count(view->moments);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_moment *moment = lane_find(view->moments, id);
		const struct vmatlas_birth *birth =
			moment ? lane_find(view->births, moment->mapping) : NULL;
		struct atlas_region *region = birth && birth->start % ARENA_ALIGNED == 0
						      ? arena_at(atlas, birth->start)
						      : NULL;

		if (!region || (region->time && region->time <= moment->time))
			continue;
		region->time = moment->time;
		region->thread = moment->thread;
	}
}

static void find_extents(struct atlas *atlas)
{
	uint32_t arenas = 0;

	for (uint32_t i = 0; i < atlas->view->extents; i++) {
		find_extent(atlas, &atlas->view->extent[i]);
		arenas += atlas->view->extent[i].arena != 0;
	}
	spans_order(&atlas->lists->list[ATLAS_LIST_MALLOC]);
	if (arenas)
		find_arenas_beginnings(atlas);
}

static void find_stack(struct atlas *atlas, uint32_t id, const struct vmatlas_thread *thread)
{
	uint64_t start = thread->stack_start, guard = thread->guard_bytes;
	struct atlas_region region = {
		.start = start,
		.end = thread->stack_end,
		.time = thread->started,
		.kind = thread->flags & VMATLAS_THREAD_MAIN ? KIND_MAIN_STACK : KIND_THREAD_STACK,
		.thread = id,
		.frame = thread->creator,
	};
	uint32_t number = add_region(atlas, &region);

	if (guard && guard <= start)
		add_span(atlas, ATLAS_LIST_STACKS, start - guard, start, KIND_GUARD, number);
	add_span(atlas, ATLAS_LIST_STACKS, start, region.end, KIND_THREAD_STACK, number);
}

static void find_stacks(struct atlas *atlas)
{
	const struct lane *threads = atlas->view->threads;
	uint32_t count = lane_count(threads);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && !thread->ended && thread->stack_start < thread->stack_end)
			find_stack(atlas, id, thread);
	}
}

static void find_call(struct atlas *atlas, const struct vmatlas_region *record)
{
	struct atlas_region region = {
		.start = record->start,
		.end = record->end,
		.time = record->time,
		.kind = record->call == VMATLAS_CALL_SHMAT ? KIND_SYSV
			: record->call == VMATLAS_CALL_BRK ? KIND_HEAP
							   : KIND_OTHER,
		.call = (uint8_t)record->call,
		.thread = record->thread,
		.frame = record->frame,
	};

	add_span(atlas, ATLAS_LIST_CALLS, region.start, region.end, (enum kind)region.kind,
		add_region(atlas, &region));
}

static void find_calls(struct atlas *atlas)
{
	const struct lane *regions = atlas->view->regions;
	uint32_t count = lane_count(regions);
	struct vmatlas_region region;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(regions, id);

		if (record && region_read(record, &region))
			find_call(atlas, &region);
	}
}

void atlas_regions_find(struct atlas *atlas)
{
	find_own(atlas);
	find_bss(atlas);
	find_extents(atlas);
	find_stacks(atlas);
	find_calls(atlas);
	for (int i = 0; i < ATLAS_LISTS; i++)
		spans_order(&atlas->lists->list[i]);
}
