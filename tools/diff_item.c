#include "diff_item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	};

	item.figure[DIFF_SIZE] = mapping->end - mapping->start;
	item.figure[DIFF_RSS] = mapping->rss;
	item.figure[DIFF_SWAP] = mapping->swap;
	return item;
}

int diff_items_of_mappings(struct diff_items *items, const struct atlas *atlas)
{
	int error = make(items, atlas->mappings);

	for (uint32_t i = 0; !error && i < atlas->mappings; i++)
		items->item[i] = item_of_mapping(atlas, &atlas->mapping[i]);
	return error;
}

/* What is swapped out is known of the whole mapping only. */
static void put_figures(struct diff_item *item, const struct atlas *atlas,
	const struct atlas_mapping *mapping, const struct atlas_part *part)
{
	bool largest = atlas_part_largest(atlas, mapping) == part;

	item->figure[DIFF_SIZE] = part->end - part->start;
	item->figure[DIFF_RSS] = part->rss;
	item->figure[DIFF_SWAP] = largest ? mapping->swap : 0;
	item->figure[DIFF_BLOCKS] = part->live_blocks;
	item->figure[DIFF_LIVE] = part->live_bytes;
	item->figure[DIFF_LIVE_RESIDENT] = part->live_resident;
	item->figure[DIFF_RETAINED] = part->retained;
	item->figure[DIFF_PINNED] = part->pinned;
	item->figure[DIFF_TRIMMABLE] = part->trimmable;
}

/* A thread is known again by its name: its number may be another's by now. */
static void put_owner(
	struct diff_item *item, const struct view *view, const struct atlas_part *part)
{
	const struct vmatlas_thread *thread = lane_find(view->threads, part->thread);

	item->own = part->owner == ATLAS_OWNER_VMATLAS;
	item->allocator = part->owner == ATLAS_OWNER_ALLOCATOR;
	if (part->owner == ATLAS_OWNER_CALL || part->kind == KIND_MALLOC_MMAP)
		item->frame = part->frame;
	if (part->owner == ATLAS_OWNER_THREAD && thread) {
		item->label = thread->name;
		item->label_length = strnlen(thread->name, sizeof(thread->name));
	}
}

/* A stack that another thread has now is the same memory, and so is a large block that was freed
 * and one that came in its place: only what the program mapped by itself is told apart. */
static void put_region(
	struct diff_item *item, const struct atlas *atlas, const struct atlas_part *part)
{
	const struct atlas_region *region;

	if (!part->region || part->region > atlas->regions)
		return;
	region = &atlas->region[part->region - 1];
	if (region->call != VMATLAS_CALL_MMAP && region->call != VMATLAS_CALL_SHMAT &&
		region->call != VMATLAS_CALL_MREMAP)
		return;
	item->region = part->region;
	item->made = region->time;
	item->remapped = region->call == VMATLAS_CALL_MREMAP;
}

static struct diff_item item_of_part(const struct atlas *atlas, const struct atlas_part *part)
{
	const struct atlas_mapping *mapping = &atlas->mapping[part->mapping];
	struct diff_item item = item_of_mapping(atlas, mapping);

	item.start = part->start;
	item.end = part->end;
	if (item.inode)
		item.offset += part->start - mapping->start;
	item.kind = part->kind;
	item.part = part;
	put_owner(&item, atlas->view, part);
	put_region(&item, atlas, part);
	put_figures(&item, atlas, mapping, part);
	return item;
}

int diff_items_of_parts(struct diff_items *items, const struct atlas *atlas)
{
	int error = make(items, atlas->parts);

	for (uint32_t i = 0; !error && i < atlas->parts; i++)
		items->item[i] = item_of_part(atlas, &atlas->part[i]);
	return error;
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
