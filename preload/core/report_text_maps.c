#include "report_text_maps.h"
#include "maps.h"
#include "owner.h"
#include "region_groups.h"
#include "report_text_stacks.h"
#include "text_column.h"

/* -- Mappings ------------------------------------------------------------------------------- */

/* Two addresses of 12 digits, as nearly all are. */
enum { RANGE_COLUMNS = 25, KIND_COLUMNS = 13 };

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

static void put_live(struct text *text, const struct atlas_mapping *mapping)
{
	if (mapping->live_blocks)
		text_put_grouped(text, mapping->live_blocks, 8);
	else
		text_right(text, "-", 8);
	text_put_column(text, mapping->live_bytes, 6);
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
	text_put_column(text, mapping->rss, 6);
	text_put_column(text, mapping->private_dirty + mapping->shared_dirty, 6);
	if (columns->swap)
		text_put_column(text, mapping->swap, 6);
	put_live(text, mapping);
	if (columns->retained)
		text_put_column(text, mapping->retained, 9);
	put_name(report, mapping);
	text_char(text, '\n');
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
	for (uint32_t i = 0; i < atlas->mappings; i++)
		put_mapping(report, &columns, &atlas->mapping[i]);
}

/* -- Who mapped what ------------------------------------------------------------------------ */

static void put_group_figures(
	struct text *text, const struct region_group *group, const struct region_groups *groups)
{
	text_str(text, "\n  ");
	text_size(text, group->bytes);
	text_str(text, "  ");
	text_percent(text, group->bytes, groups->bytes);
	text_str(text, "  in ");
	text_put_grouped(text, group->count, 0);
	text_str(text, group->count == 1 ? " region" : " regions");
}

static void put_group(const struct report *report, const struct region_group *group,
	const struct region_groups *groups)
{
	put_group_figures(report->text, group, groups);
	if (group->frame) {
		text_str(report->text, "; call stack ");
		text_dec(report->text, group->frame);
	}
	text_char(report->text, '\n');
	report_text_frames(report, group->frame, 8);
}

static void put_title(struct text *text, const struct region_groups *groups)
{
	text_str(text, "\nWho mapped what: ");
	text_size(text, groups->bytes);
	text_str(text, " in ");
	text_put_grouped(text, groups->count, 0);
	text_str(text, groups->count == 1 ? " region\n" : " regions\n");
}

void report_text_regions(struct report *report)
{
	uint32_t most = report_text_most(report->options);
	const struct region_group *group;
	struct region_groups groups;
	size_t words = report->scratch_words;
	struct region_group rest;

	region_groups_make(&groups, report->view, report_take(report, words), words);
	if (!groups.count)
		return;
	put_title(report->text, &groups);
	rest = (struct region_group){.count = (uint32_t)groups.count, .bytes = groups.bytes};
	group = region_groups_next(&groups, NULL);
	for (; group && most--; group = region_groups_next(&groups, group)) {
		put_group(report, group, &groups);
		rest.count -= group->count;
		rest.bytes -= group->bytes;
	}
	if (!rest.count)
		return;
	put_group_figures(report->text, &rest, &groups);
	text_str(report->text, " by others\n");
}
