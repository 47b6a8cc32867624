#include "dieranges.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

/* A compiler that nests deeper than this has written a damaged file. */
#define DEPTH_MOST 256

static int add_row(struct dieranges *ranges, const struct dierange *row)
{
	if (ranges->count == ranges->room) {
		size_t room = ranges->room ? 2 * ranges->room : 64;
		struct dierange *rows = reallocarray(ranges->rows, room, sizeof(*rows));

		if (!rows)
			return ENOMEM;
		ranges->rows = rows;
		ranges->room = room;
	}
	ranges->rows[ranges->count++] = *row;
	return 0;
}

int dieranges_add(struct dieranges *ranges, Dwarf_Die *die)
{
	struct dierange row = {.die = *die};
	ptrdiff_t next = 0;
	Dwarf_Addr base;
	int error = 0;

	while (!error && (next = dwarf_ranges(die, next, &base, &row.start, &row.end)) > 0)
		/* What the linker threw away starts at 0. */
		if (row.start != 0 && row.start < row.end)
			error = add_row(ranges, &row);
	return error;
}

static int holds_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type: /* Rust */
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
		return 1;
	}
	return 0;
}

static int add_children(struct dieranges *ranges, Dwarf_Die *parent, int depth)
{
	Dwarf_Die child;
	int error = 0, more = dwarf_child(parent, &child);

	for (; more == 0 && !error; more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram)
			error = dieranges_add(ranges, &child);
		if (!error && depth < DEPTH_MOST && holds_functions(tag))
			error = add_children(ranges, &child, depth + 1);
	}
	return error;
}

int dieranges_add_functions(struct dieranges *ranges, Dwarf_Die *unit)
{
	return add_children(ranges, unit, 0);
}

static int compare(const void *one, const void *other)
{
	const struct dierange *a = one, *b = other;

	return a->start < b->start ? -1 : a->start > b->start;
}

void dieranges_sort(struct dieranges *ranges)
{
	if (ranges->count)
		qsort(ranges->rows, ranges->count, sizeof(*ranges->rows), compare);
}

Dwarf_Die *dieranges_find(const struct dieranges *ranges, Dwarf_Addr address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->rows[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= ranges->rows[low - 1].end)
		return NULL;
	return &ranges->rows[low - 1].die;
}

void dieranges_free(struct dieranges *ranges)
{
	free(ranges->rows);
	*ranges = (struct dieranges){0};
}
