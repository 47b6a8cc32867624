#include "diff_regions.h"

#include "../preload/core/region.h"

static void enter_stretch(const struct diff_books *books, enum diff_then side,
	struct diff_stack *stack, const struct view_range *range)
{
	const struct diff_item *item = diff_items_past(&books->items[side], range->start);
	uint64_t resident = diff_resident(&books->side[side]->view, range->start, range->end);
	struct diff_share *part;

	stack->held[side].region_bytes += range->end - range->start;
	stack->held[side].region_resident += resident;
	if (!item || item->start > range->start)
		return;
	part = diff_shares_at(books->shares, item->change, stack->id);
	diff_share_add(&part->region_bytes, range->end - range->start, side == DIFF_NEW);
	diff_share_add(&part->region_resident, resident, side == DIFF_NEW);
}

/* Mapping by mapping: a region can lie in several. */
static void enter_region(
	const struct diff_books *books, enum diff_then side, const struct vmatlas_region *region)
{
	const struct diff_items *items = &books->items[side];
	const struct diff_item *item = diff_items_past(items, region->start);
	struct diff_stack *stack =
		diff_stacks_at(books->stacks, books->frames, side, region->frame);

	stack->held[side].regions++;
	for (; item && item < items->item + items->count && item->start < region->end; item++) {
		struct view_range range = {
			region->start > item->start ? region->start : item->start,
			region->end < item->end ? region->end : item->end,
		};

		enter_stretch(books, side, stack, &range);
	}
}

static void enter_regions(const struct diff_books *books, enum diff_then side)
{
	const struct view *view = &books->side[side]->view;
	uint32_t count = lane_count(view->regions);
	struct vmatlas_region region;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(view->regions, id);

		if (record && region_read(record, &region))
			enter_region(books, side, &region);
	}
}

/* -- Stacks of threads ---------------------------------------------------------------------- */

static bool is_of_call(const struct atlas *atlas, uint64_t address)
{
	for (uint32_t i = 0; i < atlas->regions; i++) {
		const struct atlas_region *region = &atlas->region[i];

		if (region->call && region->start <= address && region->end > address)
			return true;
	}
	return false;
}

/* The stack of a thread, or its guard, that libc has mapped; not one that the program did. */
static const struct atlas_region *stack_region(
	const struct atlas *atlas, const struct diff_item *item)
{
	const struct atlas_part *part = item->part;

	if (part->owner != ATLAS_OWNER_THREAD || !part->region || part->region > atlas->regions ||
		is_of_call(atlas, item->start))
		return NULL;
	return &atlas->region[part->region - 1];
}

static void enter_stacks(const struct diff_books *books, enum diff_then side)
{
	const struct atlas *atlas = &books->side[side]->atlas;
	const struct diff_items *items = &books->items[side];

	for (uint32_t i = 0; i < items->count; i++) {
		const struct diff_item *item = &items->item[i];
		const struct atlas_region *region = stack_region(atlas, item);
		const struct view_range range = {item->start, item->end};
		struct diff_stack *stack;

		if (!region || region->kind != KIND_THREAD_STACK)
			continue;
		stack = diff_stacks_at(books->stacks, books->frames, side, region->frame);
		stack->held[side].regions += item->kind == KIND_THREAD_STACK;
		enter_stretch(books, side, stack, &range);
	}
}

void diff_regions_enter(const struct diff_books *books)
{
	for (int side = 0; side < DIFF_SIDES; side++) {
		enter_regions(books, (enum diff_then)side);
		enter_stacks(books, (enum diff_then)side);
	}
}
