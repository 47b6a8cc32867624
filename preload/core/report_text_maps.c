#include "report_text_maps.h"
#include "maps.h"
#include "owner.h"
#include "text_column.h"

/* -- Mappings ------------------------------------------------------------------------------- */

/* Two addresses of 12 digits, as nearly all are. */
enum { RANGE_COLUMNS = 25, KIND_COLUMNS = 13, PART_COLUMNS = RANGE_COLUMNS + 4 };

/* Of a mapping in which more things lie, so many are shown. */
enum { PARTS_MOST = 12 };

/* Which columns would hold nothing but "-". */
struct columns {
	bool swap, retained;
};

static void put_heading(struct text *text, const struct columns *columns)
{
	text_str(text, "\nMappings\n");
	text_left(text, "start-end", RANGE_COLUMNS);
	text_str(text, " perm ");
	text_left(text, "kind", KIND_COLUMNS);
	text_str(text, " size   rss dirty");
	if (columns->swap)
		text_str(text, "  swap");
	text_str(text, "  blocks  live");
	if (columns->retained)
		text_str(text, " retained");
	text_str(text, "  name or owner\n");
}

static void put_range(struct text *text, const struct atlas_mapping *mapping)
{
	char buffer[40];
	struct text range;

	text_init(&range, buffer, sizeof buffer - 1, NULL, NULL);
	text_hex_wide(&range, mapping->start, 8);
	text_char(&range, '-');
	text_hex_wide(&range, mapping->end, 8);
	buffer[range.used] = 0;
	text_left(text, buffer, RANGE_COLUMNS);
	text_char(text, ' ');
	text_char(text, mapping->perms & MAPS_READ ? 'r' : '-');
	text_char(text, mapping->perms & MAPS_WRITE ? 'w' : '-');
	text_char(text, mapping->perms & MAPS_EXEC ? 'x' : '-');
	text_char(text, mapping->perms & MAPS_SHARED ? 's' : 'p');
	text_char(text, ' ');
}

static void put_live(struct text *text, uint64_t blocks, uint64_t bytes)
{
	if (blocks)
		text_put_grouped(text, blocks, 8);
	else
		text_right(text, "-", 8);
	text_put_column(text, bytes, 6);
}

/* The file, or what the kernel calls it, and whose it is beyond that. */
static void put_name(const struct report *report, const struct atlas_mapping *mapping)
{
	bool named = mapping->path_length != 0;
	char owner[OWNER_BYTES];
	size_t length;
	const char *path = report_path(report, mapping, &length);

	if (named) {
		text_str(report->text, "  ");
		text_printable(report->text, path, length);
		if (mapping->owner == ATLAS_OWNER_PATH)
			return;
	}
	length = owner_of_mapping(report, mapping, owner);
	if (length)
		text_str(report->text, "  ");
	text_printable(report->text, owner, length);
}

static void put_mapping(const struct report *report, const struct columns *columns,
	const struct atlas_mapping *mapping)
{
	struct text *text = report->text;

	put_range(text, mapping);
	text_left(text, kind_name((enum kind)mapping->kind), KIND_COLUMNS);
	text_put_column(text, mapping->end - mapping->start, 5);
	if (report->view->maps_only) {
		text_right(text, "?", 6);
		text_right(text, "?", 6);
	} else {
		text_put_column(text, mapping->rss, 6);
		text_put_column(text, mapping->private_dirty + mapping->shared_dirty, 6);
	}
	if (columns->swap)
		text_put_column(text, mapping->swap, 6);
	put_live(text, mapping->live_blocks, mapping->live_bytes);
	if (columns->retained)
		text_put_column(text, mapping->retained, 9);
	put_name(report, mapping);
	text_char(text, '\n');
}

/* -- Their parts ---------------------------------------------------------------------------- */

/* What of a part is known only of the whole mapping stays empty. */
static void put_part(
	const struct report *report, const struct columns *columns, const struct atlas_part *part)
{
	struct text *text = report->text;
	char owner[OWNER_BYTES];
	size_t length = owner_of_part(report, part, owner);

	text_str(text, "  ");
	text_address(text, part->start);
	text_repeat(text, ' ', PART_COLUMNS - 14);
	text_left(text, kind_name((enum kind)part->kind), KIND_COLUMNS);
	text_put_column(text, part->end - part->start, 5);
	if (report->atlas->pages_known)
		text_put_column(text, part->rss, 6);
	else
		text_repeat(text, ' ', 6);
	text_repeat(text, ' ', columns->swap ? 12 : 6);
	put_live(text, part->live_blocks, part->live_bytes);
	if (columns->retained)
		text_put_column(text, part->retained, 9);
	if (length)
		text_str(text, "  ");
	text_printable(text, owner, length);
	text_char(text, '\n');
}

static void put_parts(const struct report *report, const struct columns *columns,
	const struct atlas_mapping *mapping)
{
	for (uint32_t i = 0; i < mapping->parts && mapping->parts > 1; i++) {
		if (i == PARTS_MOST) {
			text_str(report->text, "  and ");
			text_put_grouped(report->text, mapping->parts - i, 0);
			text_str(report->text, " more parts\n");
			return;
		}
		put_part(report, columns, &report->atlas->part[mapping->part + i]);
	}
}

void report_text_mappings(const struct report *report)
{
	const struct atlas *atlas = report->atlas;
	const struct columns columns = {
		.swap = atlas->swap != 0,
		.retained = atlas->pages_known && atlas->row[ATLAS_RETAINED] != 0,
	};

	if (!atlas->mappings)
		return;
	put_heading(report->text, &columns);
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		put_mapping(report, &columns, &atlas->mapping[i]);
		put_parts(report, &columns, &atlas->mapping[i]);
	}
}
