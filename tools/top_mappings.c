#include "../preload/core/owner.h"
#include "top_forms.h"

#include <errno.h>

enum { START, KIND, SIZE, RSS, DIRTY, SWAP, BLOCKS, LIVE, RETAINED, GROWTH, NAME };

static uint16_t bit(unsigned column)
{
	return (uint16_t)(1u << column);
}

static int add_mapping(struct top_table *table, const struct top_moment *moment,
	const struct atlas_mapping *mapping)
{
	struct top_row *row = top_table_add(table);

	if (!row)
		return ENOMEM;
	row->key = mapping->start;
	row->index = (uint32_t)(mapping - moment->atlas.mapping);
	row->word = kind_name((enum kind)mapping->kind);
	row->frame = mapping->owner == ATLAS_OWNER_CALL ? mapping->frame : 0;
	row->cell[START] = mapping->start;
	row->cell[SIZE] = mapping->end - mapping->start;
	row->cell[RSS] = mapping->rss;
	row->cell[DIRTY] = mapping->private_dirty + mapping->shared_dirty;
	row->cell[SWAP] = mapping->swap;
	row->cell[BLOCKS] = mapping->live_blocks;
	row->cell[LIVE] = mapping->live_bytes;
	row->cell[RETAINED] = mapping->retained;
	row->unknown = moment->atlas.pages_known ? 0 : bit(RETAINED);
	if (moment->view.maps_only)
		row->unknown |= bit(RSS) | bit(DIRTY) | bit(SWAP);
	return 0;
}

/* A key that no mapping has: they begin at pages. */
static int add_part(
	struct top_table *table, const struct top_moment *moment, const struct atlas_part *part)
{
	struct top_row *row = top_table_add(table);

	if (!row)
		return ENOMEM;
	row->child = true;
	row->key = part->start + 1;
	row->index = (uint32_t)(part - moment->atlas.part);
	row->word = kind_name((enum kind)part->kind);
	row->frame = part->owner == ATLAS_OWNER_CALL ? part->frame : 0;
	row->cell[START] = part->start;
	row->cell[SIZE] = part->end - part->start;
	row->cell[RSS] = part->rss;
	row->cell[BLOCKS] = part->live_blocks;
	row->cell[LIVE] = part->live_bytes;
	row->cell[RETAINED] = part->retained;
	row->unknown = bit(DIRTY) | bit(SWAP);
	if (!moment->atlas.pages_known)
		row->unknown |= bit(RSS) | bit(RETAINED);
	return 0;
}

static int add_parts(struct top_table *table, const struct top_moment *moment,
	const struct atlas_mapping *mapping)
{
	int error = 0;

	for (uint32_t i = 0; i < mapping->parts && mapping->parts > 1 && !error; i++)
		error = add_part(table, moment, &moment->atlas.part[mapping->part + i]);
	return error;
}

static void add_up(struct top_row *total, const struct top_row *row)
{
	for (unsigned i = SIZE; i <= RETAINED; i++)
		total->cell[i] += row->cell[i];
	total->unknown |= row->unknown;
}

static int fill(struct top_table *table, struct top_moment *moment)
{
	const struct atlas *atlas = &moment->atlas;

	table->total.name = "all mappings";
	table->total.unknown = bit(START);
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		if (add_mapping(table, moment, &atlas->mapping[i]))
			return ENOMEM;
		add_up(&table->total, &table->row[table->rows - 1]);
		if (add_parts(table, moment, &atlas->mapping[i]))
			return ENOMEM;
	}
	return 0;
}

static void put_part(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	char owner[OWNER_BYTES];
	size_t length = owner_of_part(&moment->report, &moment->atlas.part[row->index], owner);

	text_str(text, "  ");
	text_printable(text, owner, length);
}

/* The file, or what the kernel calls it, and whose it is beyond that; as in the report. */
static void put_name(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	const struct atlas_mapping *mapping = &moment->atlas.mapping[row->index];
	char owner[OWNER_BYTES];
	const char *path;
	size_t length;

	if (row->child) {
		put_part(text, moment, row);
		return;
	}
	path = report_path(&moment->report, mapping, &length);
	text_printable(text, path, length);
	if (length && mapping->owner == ATLAS_OWNER_PATH)
		return;
	if (length)
		text_str(text, "  ");
	length = owner_of_mapping(&moment->report, mapping, owner);
	text_printable(text, owner, length);
}

const struct top_form top_mappings = {
	.title = "Mappings",
	.name = "mappings",
	.measured = "resident bytes",
	.measure = RSS,
	.sort = RSS,
	.column = {[START] = {"start", "start", TOP_ADDRESS, 12, 7, false},
		[KIND] = {"kind", "kind", TOP_WORD, 12, 2, false},
		[SIZE] = {"size", "size", TOP_SIZE, 5, 4, false},
		[RSS] = {"rss", "rss", TOP_SIZE, 5, 0, false},
		[DIRTY] = {"dirty", "dirty", TOP_SIZE, 5, 6, false},
		[SWAP] = {"swap", "swap", TOP_SIZE, 5, 9, false},
		[BLOCKS] = {"blocks", "live_blocks", TOP_GROUPED, 10, 8, false},
		[LIVE] = {"live", "live_bytes", TOP_SIZE, 5, 3, false},
		[RETAINED] = {"retain", "retained", TOP_SIZE, 6, 5, false},
		[GROWTH] = {"growth", NULL, TOP_GROWTH, 7, 1, false},
		[NAME] = {"name or owner", "name", TOP_NAME, 0, 0, false}},
	.fill = fill,
	.put_name = put_name,
};
