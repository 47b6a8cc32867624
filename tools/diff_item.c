#include "diff_item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/region.h"

const char *diff_figure_name(enum diff_figure figure)
{
	static const char *const names[DIFF_FIGURES] = {"size", "rss", "swap", "live_blocks",
		"live_bytes", "live_resident", "retained", "pinned", "trimmable"};

	return names[figure];
}

static int make(struct diff_items *items, size_t count)
{
	*items = (struct diff_items){calloc(count + 1, sizeof(*items->item)), (uint32_t)count};
	return items->item ? 0 : ENOMEM;
}

struct diff_item *diff_items_past(const struct diff_items *items, uint64_t address)
{
	uint32_t from = 0, to = items->count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (items->item[middle].end <= address)
			from = middle + 1;
		else
			to = middle;
	}
	return from < items->count ? &items->item[from] : NULL;
}

/* -- Out of an atlas ------------------------------------------------------------------------ */

static void put_figures(struct diff_item *item, const struct atlas_mapping *mapping)
{
	item->figure[DIFF_SIZE] = mapping->end - mapping->start;
	item->figure[DIFF_RSS] = mapping->rss;
	item->figure[DIFF_SWAP] = mapping->swap;
	item->figure[DIFF_BLOCKS] = mapping->live_blocks;
	item->figure[DIFF_LIVE] = mapping->live_bytes;
	item->figure[DIFF_LIVE_RESIDENT] = mapping->live_resident;
	item->figure[DIFF_RETAINED] = mapping->retained;
	item->figure[DIFF_PINNED] = mapping->pinned;
	item->figure[DIFF_TRIMMABLE] = mapping->trimmable;
}

/* A thread is known again by its name: its number may be another's by now. */
static void put_owner(
	struct diff_item *item, const struct view *view, const struct atlas_mapping *mapping)
{
	const struct vmatlas_thread *thread = lane_find(view->threads, mapping->thread);

	item->own = mapping->owner == ATLAS_OWNER_VMATLAS;
	item->allocator = mapping->owner == ATLAS_OWNER_ALLOCATOR;
	if (mapping->owner == ATLAS_OWNER_CALL)
		item->frame = mapping->frame;
	if (mapping->owner == ATLAS_OWNER_THREAD && thread) {
		item->label = thread->name;
		item->label_length = strnlen(thread->name, sizeof(thread->name));
	}
}

static struct diff_item item_of_mapping(
	const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	struct diff_item item = {
		.start = mapping->start,
		.end = mapping->end,
		.offset = mapping->offset,
		.inode = mapping->inode,
		.major = mapping->major,
		.minor = mapping->minor,
		.perms = mapping->perms,
		.kind = mapping->kind,
		.located = true,
		.path = atlas_path(atlas, mapping),
		.path_length = mapping->path_length,
		.mapping = mapping,
	};

	put_owner(&item, atlas->view, mapping);
	put_figures(&item, mapping);
	return item;
}

static void put_region(struct diff_items *items, uint32_t id, const struct vmatlas_region *region)
{
	const struct diff_item *behind = items->item + items->count;
	struct diff_item *item = diff_items_past(items, region->start);

	for (; item && item < behind && item->start < region->end; item++) {
		if (region->start > item->start || region->end < item->end)
			continue;
		item->region = id;
		item->made = region->time;
		item->remapped = region->call == VMATLAS_CALL_MREMAP;
	}
}

static bool is_mapped(const struct vmatlas_region *region)
{
	return region->call == VMATLAS_CALL_MMAP || region->call == VMATLAS_CALL_SHMAT ||
	       region->call == VMATLAS_CALL_MREMAP;
}

static void put_regions(struct diff_items *items, const struct view *view)
{
	uint32_t count = lane_count(view->regions);
	struct vmatlas_region region;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(view->regions, id);

		if (record && region_read(record, &region) && is_mapped(&region))
			put_region(items, id, &region);
	}
}

int diff_items_of_atlas(struct diff_items *items, const struct atlas *atlas)
{
	int error = make(items, atlas->mappings);

	if (error)
		return error;
	for (uint32_t i = 0; i < atlas->mappings; i++)
		items->item[i] = item_of_mapping(atlas, &atlas->mapping[i]);
	put_regions(items, atlas->view);
	return 0;
}

/* -- Out of a list -------------------------------------------------------------------------- */

static bool is_allocators(enum kind kind)
{
	return kind == KIND_HEAP || kind == KIND_ARENA || kind == KIND_MALLOC_MMAP;
}

static struct diff_item item_of_row(const struct listing *listing, const struct listing_row *row)
{
	const unsigned located = LISTING_OFFSET | LISTING_FILE;
	struct diff_item item = {
		.start = row->line.start,
		.end = row->line.end,
		.offset = row->line.offset,
		.inode = row->line.inode,
		.major = row->line.major,
		.minor = row->line.minor,
		/* Where permissions are not known, the memory counts as one that can be used. */
		.perms = listing->known & LISTING_PERMS ? row->line.perms : MAPS_READ,
		.kind = (uint8_t)row->kind,
		.located = (listing->known & located) == located,
		.own = row->kind == KIND_VMATLAS,
		.allocator = is_allocators(row->kind),
		.path = row->line.path,
		.path_length = row->line.path_length,
		.label = row->owner,
		.label_length = row->owner ? strlen(row->owner) : 0,
		.row = row,
	};

	item.figure[DIFF_SIZE] = item.end - item.start;
	item.figure[DIFF_RSS] = row->smaps.rss;
	item.figure[DIFF_SWAP] = row->smaps.swap;
	return item;
}

static int by_address(const void *left, const void *right)
{
	const struct diff_item *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int diff_items_of_listing(struct diff_items *items, const struct listing *listing)
{
	int error = make(items, listing->count);

	if (error)
		return error;
	for (size_t i = 0; i < listing->count; i++)
		items->item[i] = item_of_row(listing, &listing->row[i]);
	if (listing->disorder)
		qsort(items->item, items->count, sizeof(*items->item), by_address);
	return 0;
}
