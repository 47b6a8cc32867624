#include "top_draw.h"

#include <string.h>

#include "../preload/core/date.h"
#include "top_cell.h"
#include "top_head.h"
#include "top_screen.h"

enum {
	LINE = 20000, /* a row with the longest name */
	/* With fewer lines than this, no notice takes one from the rows. */
	HEIGHT_OF_NOTICES = 14,
};

/* A line while it is written. */
struct line {
	char bytes[LINE];
	struct text text;
};

static struct text *begin(struct line *line)
{
	text_init(&line->text, line->bytes, sizeof(line->bytes), NULL, NULL);
	return &line->text;
}

static void put(int y, const struct line *line, unsigned style)
{
	top_screen_put(y, 0, top_screen_width(), line->bytes, line->text.used, style);
}

/* -- Above ---------------------------------------------------------------------------------- */

static const char *state_of(const struct top_watch *watch)
{
	return watch->over ? "ENDED  " : watch->paused ? "PAUSED  " : "";
}

static void draw_title(const struct top_page *page, struct line *line)
{
	struct text *text = begin(line);

	text_str(text, state_of(page->watch));
	if (page->watch->moment) {
		top_head_put_title(text, page->watch->moment);
	} else {
		text_str(text, "vmatlas top: process ");
		text_str(text, page->watch->options->pid);
	}
	put(0, line, TOP_REVERSE | TOP_BOLD);
}

static void draw_figures(const struct top_page *page, struct line *line)
{
	struct text *text = begin(line);

	if (page->watch->moment)
		top_head_put_figures(text, page->watch->moment, top_watch_since(page->watch));
	else
		text_str(text, "waiting for the first picture");
	put(1, line, TOP_PLAIN);
}

/* "2 Mappings", or where there is no room "2". */
static void put_view(struct text *text, enum top_view view, bool named)
{
	text_char(text, (char)('1' + view));
	if (!named)
		return;
	text_char(text, ' ');
	text_str(text, top_form(view)->title);
}

static bool has_room_for_names(void)
{
	size_t width = 0;

	for (unsigned i = 0; i < TOP_VIEWS; i++)
		width += strlen(top_form((enum top_view)i)->title) + 4;
	return width <= (size_t)top_screen_width();
}

static void draw_views(const struct top_page *page, int y, struct line *line)
{
	struct text *text = begin(line);
	size_t from = 0, to = 0;

	for (unsigned i = 0; i < TOP_VIEWS; i++) {
		if (i == page->view)
			from = text->used;
		put_view(text, (enum top_view)i, i == page->view || has_room_for_names());
		if (i == page->view)
			to = text->used;
		text_str(text, "  ");
	}
	put(y, line, TOP_PLAIN);
	top_screen_paint(y, (int)from, (int)(to - from), TOP_REVERSE);
}

/* -- Rows ----------------------------------------------------------------------------------- */

/* Where the column of growth stands; -1: nowhere. */
static int growth_at(const struct top_form *form, uint16_t columns, int *width)
{
	int at = 0;

	for (unsigned i = 0; i < top_form_columns(form); i++) {
		if (!(columns >> i & 1))
			continue;
		*width = form->column[i].width;
		if (form->column[i].unit == TOP_GROWTH)
			return at;
		at += *width + 1;
	}
	return -1;
}

static void draw_row(
	struct top_page *page, int y, struct top_row *row, uint16_t columns, unsigned style)
{
	int width = 0, at = growth_at(page->table.form, columns, &width);
	struct line line;

	top_cell_put_row(begin(&line), &page->table, row, columns);
	put(y, &line, style);
	if (at >= 0 && row->growth)
		top_screen_paint(y, at, width, style | (row->growth > 0 ? TOP_MORE : TOP_LESS));
}

static void draw_list(struct top_page *page, int top, int bottom, struct line *line)
{
	struct top_table *table = &page->table;
	uint16_t columns = top_cell_columns(table, (unsigned)top_screen_width());
	int room = bottom - top - 2;

	top_cell_put_heading(begin(line), table, columns, page->order[page->view].column);
	put(top, line, TOP_BOLD);
	page->columns = columns;
	top_page_fit(page, room > 0 ? (size_t)room : 0);
	for (int i = 0; i < room && page->first + (size_t)i < table->showns; i++) {
		size_t place = page->first + (size_t)i;

		draw_row(page, top + 1 + i, &table->row[table->shown[place]], columns,
			place == page->at ? TOP_REVERSE : TOP_PLAIN);
	}
	draw_row(page, bottom - 1, &table->total, columns, TOP_BOLD);
}

static void draw_text(struct top_page *page, int top, int bottom)
{
	const char *bytes;
	size_t length;

	page->room = bottom > top ? (size_t)(bottom - top) : 0;
	for (int y = top; y < bottom; y++) {
		bytes = top_lines_at(&page->lines, (size_t)(y - top), &length);
		if (bytes)
			top_screen_put(y, 0, top_screen_width(), bytes, length, TOP_PLAIN);
	}
}

/* -- Below ---------------------------------------------------------------------------------- */

static void put_time(struct text *text, uint64_t time_ns)
{
	struct date date = date_of(time_ns);
	const uint32_t parts[] = {date.hour, date.minute, date.second};

	for (unsigned i = 0; i < 3; i++) {
		text_str(text, i ? ":" : "");
		text_char(text, (char)('0' + parts[i] / 10));
		text_char(text, (char)('0' + parts[i] % 10));
	}
}

static void put_pace(struct text *text, const struct top_watch *watch)
{
	uint64_t now = top_watch_now_ms();

	if (top_watch_is_busy(watch))
		text_str(text, watch->asking ? "asking" : "reading");
	else if (watch->next_ms > now) {
		text_str(text, "next in ");
		text_dec(text, (watch->next_ms - now + 999) / 1000);
		text_str(text, " s");
	}
	if (watch->spent_ns) {
		text_str(text, ", one takes ");
		text_duration(text, watch->spent_ns);
	}
}

static void put_since(struct text *text, const struct top_watch *watch)
{
	text_str(text, "growth since ");
	put_time(text, top_watch_since(watch)->time_ns);
	text_str(text, watch->marked ? " (mark)" : " (start)");
}

static void put_over(struct text *text, const struct top_watch *watch)
{
	text_str(text, "the program has ended");
	if (!watch->moment)
		return;
	text_str(text, "; this is its last picture, of ");
	put_time(text, watch->moment->view.now.realtime_ns);
	text_str(text, " UTC");
}

/* What is the matter, or else how things go. */
static unsigned put_state(struct text *text, const struct top_page *page)
{
	const struct top_watch *watch = page->watch;

	if (page->remark) {
		text_str(text, page->remark);
		return TOP_ALERT;
	}
	if (watch->over) {
		put_over(text, watch);
		return TOP_ALERT;
	}
	if (*watch->trouble) {
		text_str(text, "no picture: ");
		text_printable(text, watch->trouble, strlen(watch->trouble));
		return TOP_ALERT;
	}
	text_str(text, "? help  ");
	if (watch->moment)
		put_since(text, watch);
	text_str(text, "  ");
	put_pace(text, watch);
	return TOP_PLAIN;
}

static void put_filter(struct text *text, const struct top_page *page)
{
	text_char(text, '/');
	text_str(text, page->filter);
}

static void draw_state(const struct top_page *page, int y, struct line *line)
{
	struct text *text = begin(line);
	unsigned style = TOP_PLAIN;

	if (page->typing || (*page->filter && page->mode == TOP_LIST))
		put_filter(text, page);
	if (!page->typing) {
		text_str(text, text->used ? "  " : "");
		style = put_state(text, page);
	}
	put(y, line, style);
}

/* -- The whole ------------------------------------------------------------------------------ */

/* The first notice, and that there are more; 1 where it took a line. */
static int draw_notice(const struct top_page *page, int y, struct line *line)
{
	struct text *text = begin(line);
	struct line more;

	if (!page->watch->moment || top_screen_height() < HEIGHT_OF_NOTICES)
		return 0;
	text_str(text, "! ");
	if (!top_head_put_notice(text, page->watch->moment, 0))
		return 0;
	if (top_head_put_notice(begin(&more), page->watch->moment, 1))
		text_str(text, " (and more: see vmatlas report)");
	put(y, line, TOP_ALERT);
	return 1;
}

void top_draw(struct top_page *page)
{
	int bottom = top_screen_height() - 1, top = 2;
	struct line line;

	top_screen_clear();
	draw_title(page, &line);
	draw_figures(page, &line);
	top += draw_notice(page, top, &line);
	draw_views(page, top++, &line);
	if (page->mode != TOP_LIST)
		draw_text(page, top, bottom);
	else if (page->watch->moment)
		draw_list(page, top, bottom, &line);
	draw_state(page, bottom, &line);
	if (page->typing)
		top_screen_show(bottom, (int)strlen(page->filter) + 1);
	else
		top_screen_show(-1, 0);
}
