#include "maps_group.h"

#include <stdlib.h>
#include <string.h>

#include "listing_modules.h"

/* -- Names ---------------------------------------------------------------------------------- */

static void name_by_kind(struct maps_group *group, enum kind kind)
{
	group->name = kind_name(kind);
	group->length = strlen(group->name);
}

/* The file, the marker, or the kind of memory that has no name. */
static void name_by_path(struct maps_group *group, const struct listing_row *row)
{
	if (!row->line.path_length) {
		name_by_kind(group, row->kind);
		return;
	}
	group->name = row->line.path;
	group->length = row->line.path_length;
}

/* The row whose file a row of .bss belongs to: its module's, or that of the data before it. */
static const struct listing_row *file_of(
	const struct listing *listing, const struct listing_row *row)
{
	const struct listing_row *before = row;

	if (row->kind != KIND_BSS)
		return row;
	if (row->module)
		return row->module->first;
	while (before > listing->row && before->kind != KIND_DATA)
		before--;
	return before;
}

/* -- Sums ----------------------------------------------------------------------------------- */

static void add_size(struct maps_group *group, enum kind kind, unsigned perms, uint64_t size)
{
	group->size += size;
	if (kind == KIND_BSS)
		group->bss += size;
	switch (perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC)) {
	case MAPS_READ:
		group->constant += size;
		return;
	case MAPS_READ | MAPS_EXEC:
		group->code += size;
		return;
	case MAPS_READ | MAPS_WRITE:
		group->data += size;
		return;
	default:
		group->other += size;
	}
}

static void add_row(struct maps_group *group, const struct listing_row *row)
{
	group->count++;
	group->rss += row->smaps.rss;
	group->pss += row->smaps.pss;
	group->dirty += row->smaps.private_dirty + row->smaps.shared_dirty;
	group->swap += row->smaps.swap;
	group->live_bytes += row->live.bytes;
	add_size(group, row->kind, row->line.perms, row->line.end - row->line.start);
}

static int by_name(const void *one, const void *other)
{
	const struct maps_group *first = one, *second = other;
	size_t shorter = first->length < second->length ? first->length : second->length;
	int order = memcmp(first->name, second->name, shorter);

	if (order)
		return order;
	return (first->length > second->length) - (first->length < second->length);
}

static int by_size(const void *one, const void *other)
{
	const struct maps_group *first = one, *second = other;

	if (first->size != second->size)
		return first->size < second->size ? 1 : -1;
	return by_name(one, other);
}

static void merge(struct maps_group *into, const struct maps_group *from)
{
	into->count += from->count;
	into->size += from->size;
	into->rss += from->rss;
	into->pss += from->pss;
	into->dirty += from->dirty;
	into->swap += from->swap;
	into->live_bytes += from->live_bytes;
	into->constant += from->constant;
	into->code += from->code;
	into->data += from->data;
	into->other += from->other;
	into->bss += from->bss;
}

/* Groups of one name stand side by side: makes them one. Returns how many are left. */
static size_t merge_all(struct maps_group *group, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		if (left && !by_name(&group[left - 1], &group[i]))
			merge(&group[left - 1], &group[i]);
		else
			group[left++] = group[i];
	}
	return left;
}

/* A part of a mapping has its own size, what of it is resident, and its blocks; what only smaps
 * knows, and that it is a mapping, goes with the part that gave the mapping its kind. */
static void add_part(
	struct maps_group *group, const struct listing_row *row, const struct listing_part *part)
{
	group->rss += part->rss;
	group->live_bytes += part->live.bytes;
	add_size(group, part->kind, row->line.perms, part->end - part->start);
}

static void add_rest(struct maps_group *group, const struct listing_row *row)
{
	group->count++;
	group->pss += row->smaps.pss;
	group->dirty += row->smaps.private_dirty + row->smaps.shared_dirty;
	group->swap += row->smaps.swap;
}

/* Returns how many groups it took, each of one thing. */
static size_t add_by_kind(struct maps_group *group, const struct listing_row *row)
{
	name_by_kind(group, row->kind);
	if (!row->parts) {
		add_row(group, row);
		return 1;
	}
	add_rest(group, row);
	for (size_t i = 0; i < row->parts; i++) {
		name_by_kind(&group[i + 1], row->part[i].kind);
		add_part(&group[i + 1], row, &row->part[i]);
	}
	return row->parts + 1;
}

static size_t room_for(const struct maps_view *view)
{
	size_t room = 1;

	for (size_t i = 0; i < view->count; i++)
		room += view->row[i]->parts + 1;
	return room;
}

struct maps_group *maps_group_make(
	const struct maps_view *view, enum maps_group_by by, size_t *count)
{
	struct maps_group *group = calloc(room_for(view), sizeof(*group));
	size_t used = 0;

	if (!group)
		return NULL;
	for (size_t i = 0; i < view->count; i++) {
		const struct listing_row *row = view->row[i];
		if (by == MAPS_GROUP_KIND) {
			used += add_by_kind(&group[used], row);
		} else {
			name_by_path(&group[used], file_of(view->listing, row));
			add_row(&group[used++], row);
		}
	}
	qsort(group, used, sizeof(*group), by_name);
	*count = merge_all(group, used);
	qsort(group, *count, sizeof(*group), by_size);
	return group;
}
