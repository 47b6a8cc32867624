#include "maps_pmap.h"

/* Columns of pmap -x; sizes in KiB. */
enum { ADDRESS = 16, FIGURE = 7 };

static void put_figure(struct text *text, uint64_t bytes)
{
	text_char(text, ' ');
	text_dec_right(text, bytes / 1024, FIGURE);
}

static void put_row(const struct maps_view *view, const struct listing_row *row)
{
	struct text *text = view->text;

	text_hex_wide(text, row->line.start, ADDRESS);
	put_figure(text, row->line.end - row->line.start);
	put_figure(text, row->smaps.rss);
	put_figure(text, row->smaps.private_dirty + row->smaps.shared_dirty);
	text_char(text, ' ');
	maps_view_mode(text, row->line.perms);
	text_char(text, ' ');
	maps_view_color(view, row);
	maps_view_name(text, row);
	maps_view_plain(view);
	text_char(text, '\n');
}

static void put_totals(const struct maps_view *view)
{
	struct maps_totals totals = maps_view_totals(view);
	struct text *text = view->text;

	text_str(text, "---------------- ------- ------- ------- \n");
	text_left(text, "total kB", ADDRESS);
	put_figure(text, totals.size);
	put_figure(text, totals.rss);
	put_figure(text, totals.dirty);
	text_char(text, '\n');
}

void maps_pmap(const struct maps_view *view)
{
	maps_view_title(view);
	text_str(view->text, "Address           Kbytes     RSS   Dirty Mode  Mapping\n");
	for (size_t i = 0; i < view->count; i++)
		put_row(view, view->row[i]);
	put_totals(view);
}
