#include "region_groups.h"
#include "region.h"

enum {
	WORDS_PER_SLOT = sizeof(struct region_group) / sizeof(uint64_t),
	/* What other threads may map while we are on our way. */
	MARGIN = 512,
};

/* The largest power of two that is not above. */
static uint64_t power_below(uint64_t value)
{
	return value ? (uint64_t)1 << (63 - __builtin_clzll(value)) : 0;
}

static uint64_t slots_wanted(const struct view *view)
{
	uint64_t regions = lane_count(view->regions);

	return regions ? power_below(4 * (regions + MARGIN)) : 0;
}

size_t region_groups_words(const struct view *view)
{
	return slots_wanted(view) * WORDS_PER_SLOT;
}

static struct region_group *slot_of(struct region_groups *groups, uint32_t frame)
{
	uint32_t mask = groups->slots - 1, at = frame * 2654435761u; /* Knuth's multiplier */

	if (!groups->slots)
		return NULL;
	while (groups->slot[at & mask].count && groups->slot[at & mask].frame != frame)
		at++;
	if (groups->slot[at & mask].count)
		return &groups->slot[at & mask];
	if (groups->used >= groups->slots / 4 * 3)
		return NULL;
	groups->used++;
	return &groups->slot[at & mask];
}

static void add(struct region_groups *groups, const struct vmatlas_region *region)
{
	struct region_group *group = slot_of(groups, region->frame);
	uint64_t bytes = region->end - region->start;

	if (!group)
		group = &groups->others;
	else
		group->frame = region->frame;
	group->count++;
	group->bytes += bytes;
	groups->count++;
	groups->bytes += bytes;
}

void region_groups_make(
	struct region_groups *groups, const struct view *view, uint64_t *memory, size_t words)
{
	uint64_t fit = memory ? power_below(words / WORDS_PER_SLOT) : 0;
	uint64_t wanted = slots_wanted(view);
	uint32_t count = lane_count(view->regions);

	*groups = (struct region_groups){
		.slot = (struct region_group *)memory,
		.slots = (uint32_t)(wanted < fit ? wanted : fit),
	};
	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(view->regions, id);
		struct vmatlas_region region;

		if (record && region_read(record, &region))
			add(groups, &region);
	}
}

static bool comes_before(const struct region_group *a, const struct region_group *b)
{
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes;
	return a->frame < b->frame;
}

const struct region_group *region_groups_next(
	const struct region_groups *groups, const struct region_group *last)
{
	const struct region_group *next = NULL;

	for (uint32_t i = 0; i < groups->slots; i++) {
		const struct region_group *group = &groups->slot[i];

		if (!group->count || (last && !comes_before(last, group)))
			continue;
		if (!next || comes_before(group, next))
			next = group;
	}
	return next;
}
