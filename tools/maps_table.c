#include "maps_table.h"

#include <string.h>

#include "../preload/core/text_column.h"

enum { KIND_COLUMNS = 13 };

static bool has_live(const struct maps_view *view)
{
	return view->listing->known & LISTING_LIVE;
}

static void put_heading(const struct maps_view *view)
{
	if (has_live(view))
		text_str(view->text, "Address             Size Mode  Kind            RSS  Live "
				     " Blocks Mapping\n");
}

static void put_live(const struct maps_view *view, const struct listing_row *row)
{
	if (!has_live(view))
		return;
	text_put_column(view->text, row->smaps.rss, 6);
	text_put_column(view->text, row->live.bytes, 6);
	text_dec_right(view->text, row->live.blocks, 8);
	text_char(view->text, ' ');
}

static void put_sections(const struct maps_view *view, const struct listing_row *row)
{
	if (!view->elf || !row->module)
		return;
	text_str(view->text, "                  segment");
	maps_view_sections(view->text, row);
	text_char(view->text, '\n');
}

/* What a mapping consists of: as the rows, two columns to the right. */
static void put_part(const struct maps_view *view, const struct listing_part *part)
{
	struct text *text = view->text;

	text_str(text, "  ");
	text_hex_wide(text, part->start, 12);
	text_str(text, "   ");
	text_dec_right(text, (part->end - part->start) / 1024, 6);
	text_str(text, "K       ");
	maps_view_color_kind(view, part->kind);
	text_left(text, kind_name(part->kind), KIND_COLUMNS);
	text_char(text, ' ');
	text_put_column(text, part->rss, 6);
	text_put_column(text, part->live.bytes, 6);
	text_dec_right(text, part->live.blocks, 8);
	if (part->owner) {
		text_str(text, "     ");
		text_printable(text, part->owner, strlen(part->owner));
	}
	maps_view_plain(view);
	text_char(text, '\n');
}

static void put_parts(const struct maps_view *view, const struct listing_row *row)
{
	for (size_t i = 0; i < row->parts && i < MAPS_VIEW_PARTS; i++)
		put_part(view, &row->part[i]);
	maps_view_more(view, row, 2);
}

static void put_row(const struct maps_view *view, const struct listing_row *row)
{
	struct text *text = view->text;

	text_hex_wide(text, row->line.start, 16);
	text_char(text, ' ');
	text_dec_right(text, (row->line.end - row->line.start) / 1024, 6);
	text_str(text, "K ");
	if (view->listing->known & LISTING_PERMS)
		maps_view_mode(text, row->line.perms);
	else
		text_str(text, "?????");
	text_char(text, ' ');
	maps_view_color(view, row);
	text_left(text, kind_name(row->kind), KIND_COLUMNS);
	text_char(text, ' ');
	put_live(view, row);
	maps_view_name(text, row);
	maps_view_guards(text, row);
	maps_view_plain(view);
	text_char(text, '\n');
	put_sections(view, row);
	put_parts(view, row);
}

/* -- Below the rows ------------------------------------------------------------------------- */

/* Whether rows of this kind could have been among those shown, and none was. */
static bool lacks(const struct maps_view *view, enum kind kind)
{
	if (view->kinds ? !(view->kinds >> kind & 1) : view->filtered)
		return false;
	for (size_t i = 0; i < view->listing->count; i++)
		if (view->listing->row[i].kind == kind)
			return false;
	return true;
}

/* pmap calls the heap anonymous, and only the maps of a program that moved its break have one. */
static void put_heap(const struct maps_view *view)
{
	if (view->listing->form == LISTING_PMAP || !lacks(view, KIND_HEAP))
		return;
	text_str(view->text, "; no [heap]");
}

void maps_table_totals(const struct maps_view *view)
{
	struct maps_totals totals = maps_view_totals(view);
	struct text *text = view->text;

	text_str(text, " total ");
	text_dec_right(text, totals.size / 1024, 16);
	text_str(text, "K\n ");
	text_dec(text, view->count);
	text_str(text, view->count == 1 ? " mapping" : " mappings");
	if (view->filtered) {
		text_str(text, " of ");
		text_dec(text, view->listing->count);
	}
	if (view->listing->known & LISTING_RSS) {
		text_str(text, "; resident ");
		text_size(text, totals.rss);
	}
	if (has_live(view)) {
		text_str(text, "; live ");
		text_size(text, totals.live_bytes);
	}
	if (totals.writable_code) {
		text_str(text, "; ");
		text_dec(text, totals.writable_code);
		text_str(text, " writable and executable");
	}
	put_heap(view);
	text_char(text, '\n');
}

void maps_table(const struct maps_view *view)
{
	maps_view_title(view);
	put_heading(view);
	for (size_t i = 0; i < view->count; i++)
		put_row(view, view->row[i]);
	maps_table_totals(view);
}
