#include "maps_picture.h"

#include <string.h>

#include "../preload/core/text_column.h"
#include "../preload/core/utf8.h"
#include "maps_bar.h"
#include "maps_table.h"

/* Columns of what stands between address and bar: size, permissions, kind. */
enum { KIND_COLUMNS = 13, FIXED = 2 + 5 + 6 + KIND_COLUMNS + 1, BAR_LEAST = 8, BAR_MOST = 32 };
/* Where nobody says how wide the paper is. */
enum { COLUMNS = 80 };

struct picture {
	const struct maps_view *view;
	const struct maps_paper *paper;
	struct maps_bar_scale scale;
	unsigned digits; /* of an address */
	unsigned name;   /* columns for names; 0: any */
};

/* -- The paper ------------------------------------------------------------------------------ */

static unsigned digits_of(const struct maps_view *view)
{
	uint64_t most = 0xffffffff;
	unsigned digits = 8;

	for (size_t i = 0; i < view->count; i++)
		if (view->row[i]->line.end > most)
			most = view->row[i]->line.end;
	while (digits < 16 && most >> digits * 4)
		digits++;
	return digits;
}

static struct maps_bar_scale scale_of(const struct maps_view *view)
{
	struct maps_bar_scale scale = {.smallest = UINT64_MAX, .largest = 1};

	for (size_t i = 0; i < view->count; i++) {
		uint64_t size = view->row[i]->line.end - view->row[i]->line.start;
		if (size < scale.smallest)
			scale.smallest = size;
		if (size > scale.largest)
			scale.largest = size;
	}
	if (scale.smallest > scale.largest)
		scale.smallest = scale.largest;
	return scale;
}

/* Half of what is left is the bar's, half the name's. */
static void divide(struct picture *picture)
{
	unsigned columns = picture->paper->columns ? picture->paper->columns : COLUMNS;
	unsigned used = picture->digits + FIXED, left = columns > used ? columns - used : 0;
	unsigned bar = left / 2;

	if (bar > BAR_MOST)
		bar = BAR_MOST;
	if (bar < BAR_LEAST)
		bar = BAR_LEAST;
	if (picture->scale.smallest == picture->scale.largest)
		bar = 1;
	picture->scale.width = bar;
	picture->name = left > bar + 1 ? left - bar - 1 : 1;
	if (!picture->paper->columns)
		picture->name = 0;
}

/* -- A mapping ------------------------------------------------------------------------------ */

static const char *sign(const struct picture *picture, const char *utf8, const char *ascii)
{
	return picture->paper->ascii ? ascii : utf8;
}

/* Up to so many columns, the last of which then says that there is more. */
static void put_cut(const struct picture *picture, const char *bytes, size_t length)
{
	struct text *text = picture->view->text;
	size_t at = 0, columns = picture->name;

	if (!columns || utf8_width(bytes, length) <= columns)
		return text_bytes(text, bytes, length);
	while (--columns) {
		size_t taken = utf8_decode(bytes + at, length - at, NULL);
		at += taken ? taken : 1;
	}
	text_bytes(text, bytes, at);
	text_str(text, sign(picture, "…", "~"));
}

/* What the kind says already is not repeated: "  [ anon ]". */
static bool has_name(const struct listing_row *row)
{
	return row->line.path_length || row->owner || row->guards;
}

static void put_name(const struct picture *picture, const struct listing_row *row)
{
	char buffer[4096];
	struct text name;
	size_t from = 0;

	text_init(&name, buffer, sizeof(buffer), NULL, NULL);
	maps_view_name(&name, row);
	maps_view_guards(&name, row);
	while (from < name.used && buffer[from] == ' ')
		from++;
	put_cut(picture, buffer + from, name.used - from);
}

static void put_bar(const struct picture *picture, uint64_t size, uint64_t rss,
	const struct listing_live *live, bool named)
{
	const struct maps_view *view = picture->view;
	uint64_t resident = size, alive;
	struct maps_bar bar;

	if (view->listing->known & LISTING_RSS)
		resident = rss < size ? rss : size;
	alive = resident;
	if (live->pages_known && live->blocks && live->resident < resident)
		alive = live->resident;
	bar = maps_bar_make(&picture->scale, size, resident, alive);
	maps_bar_put(view->text, &picture->scale, &bar);
	if (named)
		text_repeat(view->text, ' ', picture->scale.width - bar.cells + 1);
}

static void put_perms(const struct maps_view *view, const struct listing_row *row)
{
	char perms[5];

	text_str(view->text, view->listing->known & LISTING_PERMS
				     ? maps_letters(row->line.perms, perms)
				     : "????");
	/* Red may not be seen. */
	text_char(view->text, maps_view_writable_code(row) ? '!' : ' ');
}

static void put_address(const struct picture *picture, uint64_t address, const char *rail)
{
	text_hex_wide(picture->view->text, address, picture->digits);
	text_char(picture->view->text, ' ');
	text_str(picture->view->text, rail);
}

static void put_mapping(const struct picture *picture, const struct listing_row *row)
{
	const struct maps_view *view = picture->view;

	put_address(picture, row->line.start, sign(picture, "│", "|"));
	text_put_column(view->text, row->line.end - row->line.start, 5);
	text_char(view->text, ' ');
	put_perms(view, row);
	maps_view_color(view, row);
	text_left(view->text, kind_name(row->kind), KIND_COLUMNS);
	text_char(view->text, ' ');
	put_bar(picture, row->line.end - row->line.start, row->smaps.rss, &row->live,
		has_name(row));
	maps_view_plain(view);
	if (has_name(row))
		put_name(picture, row);
	text_char(view->text, '\n');
}

/* What a mapping consists of, in the columns of the mappings. */
static void put_part(const struct picture *picture, const struct listing_part *part)
{
	const struct maps_view *view = picture->view;
	char buffer[512];
	struct text name;

	put_address(picture, part->start, sign(picture, "├", "+"));
	text_put_column(view->text, part->end - part->start, 5);
	text_str(view->text, "      ");
	maps_view_color_kind(view, part->kind);
	text_left(view->text, kind_name(part->kind), KIND_COLUMNS);
	text_char(view->text, ' ');
	put_bar(picture, part->end - part->start, part->rss, &part->live, part->owner);
	maps_view_plain(view);
	text_init(&name, buffer, sizeof(buffer), NULL, NULL);
	if (part->owner)
		text_printable(&name, part->owner, strlen(part->owner));
	put_cut(picture, buffer, name.used);
	text_char(view->text, '\n');
}

static void put_parts(const struct picture *picture, const struct listing_row *row)
{
	bool downwards = picture->paper->downwards;

	for (size_t i = 0; i < row->parts && i < MAPS_VIEW_PARTS; i++)
		put_part(picture, &row->part[downwards ? row->parts - 1 - i : i]);
	maps_view_more(picture->view, row, picture->digits + 2);
}

/* -- What lies between ---------------------------------------------------------------------- */

/* The first row that begins there or behind. */
static size_t first_from(const struct listing *listing, uint64_t address)
{
	size_t low = 0, high = listing->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (listing->row[middle].line.start < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Rows of the listing in there that did not pass. In a torn one, which is out of order, that is
 * about right. */
static size_t count_hidden(const struct maps_view *view, uint64_t from, uint64_t to)
{
	size_t low = first_from(view->listing, from), high = first_from(view->listing, to);

	return view->filtered && high > low ? high - low : 0;
}

static void put_gap(const struct picture *picture, uint64_t from, uint64_t to)
{
	const struct maps_view *view = picture->view;
	size_t hidden = count_hidden(view, from, to);

	if (from >= to)
		return;
	put_address(picture, from, sign(picture, "┊ ", ": "));
	text_size(view->text, to - from);
	if (hidden) {
		text_str(view->text, " not shown, with ");
		text_dec(view->text, hidden);
		text_str(view->text, hidden == 1 ? " mapping" : " mappings");
	} else {
		text_str(view->text, " not mapped");
	}
	text_char(view->text, '\n');
}

static void put_between(const struct picture *picture, const struct listing_row *row,
	const struct listing_row *next)
{
	if (picture->paper->downwards)
		put_gap(picture, next->line.end, row->line.start);
	else
		put_gap(picture, row->line.end, next->line.start);
}

static void put_rows(const struct picture *picture)
{
	const struct maps_view *view = picture->view;
	const struct listing_row *last = view->count ? view->row[view->count - 1] : NULL;

	if (last && !picture->paper->downwards)
		put_gap(picture, 0, view->row[0]->line.start);
	for (size_t i = 0; i < view->count; i++) {
		put_mapping(picture, view->row[i]);
		put_parts(picture, view->row[i]);
		if (i + 1 < view->count)
			put_between(picture, view->row[i], view->row[i + 1]);
	}
	if (last && picture->paper->downwards)
		put_gap(picture, 0, last->line.start);
}

/* -- The whole ------------------------------------------------------------------------------ */

void maps_picture(const struct maps_view *view, const struct maps_paper *paper)
{
	struct picture picture = {
		.view = view,
		.paper = paper,
		.digits = digits_of(view),
		.scale = scale_of(view),
	};

	divide(&picture);
	picture.scale.ascii = paper->ascii;
	maps_view_title(view);
	put_rows(&picture);
	maps_table_totals(view);
	if (view->count)
		maps_bar_legend(view->text, &picture.scale, view->listing->known & LISTING_RSS,
			view->listing->known & LISTING_LIVE);
}
