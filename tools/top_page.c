#include "top_page.h"

#include <stdio.h>
#include <string.h>

#include "outfile.h"
#include "top_stack.h"

static const char help[] =
	"Keys of vmatlas top\n"
	"\n"
	"  1 2 3 4 5      ledger, mappings, call stacks, threads, arenas\n"
	"  Tab            the next of them\n"
	"  up down        choose a row; also k j, PgUp PgDn, Home End\n"
	"  < >            sort by the column to the left or right\n"
	"  R              sort the other way round\n"
	"  / TEXT Enter   only rows with that text in name or kind; Esc: all rows\n"
	"  Enter          the call stack behind a row; Esc: back\n"
	"  m              tell growth from this picture on\n"
	"  M              tell growth from the first picture on\n"
	"  p              pause, and go on\n"
	"  space          a picture as soon as may be\n"
	"  ?              this page\n"
	"  q              end\n"
	"\n"
	"Figures are those of vmatlas report. Growth is of what a view is about: resident bytes\n"
	"of the ledger, mappings, arenas and stacks of threads, live bytes of call stacks. What\n"
	"is gone has no row; the last line has the growth of all.\n"
	"\n"
	"Each picture holds up one thread of the program. They come so rarely that this is 1 %\n"
	"of its time at most; the last line says how long one took.\n";

void top_page_begin(
	struct top_page *page, struct top_watch *watch, const struct top_options *options)
{
	*page = (struct top_page){.watch = watch, .view = options->view};
	for (unsigned view = 0; view < TOP_VIEWS; view++)
		page->order[view] = (struct top_order){
			.column = top_form((enum top_view)view)->sort, .filter = page->filter};
	if (options->sort >= 0)
		page->order[page->view].column = (unsigned)options->sort;
	page->order[page->view].reversed = options->reversed;
	snprintf(page->filter, sizeof(page->filter), "%s", options->filter);
}

void top_page_end(struct top_page *page)
{
	top_table_free(&page->table);
	top_lines_free(&page->lines);
}

/* -- Rows ----------------------------------------------------------------------------------- */

static struct top_row *row_at(struct top_page *page, size_t place)
{
	return place < page->table.showns ? &page->table.row[page->table.shown[place]] : NULL;
}

static void go_to(struct top_page *page, size_t place)
{
	size_t last = page->table.showns ? page->table.showns - 1 : 0;
	const struct top_row *row;

	page->at = place < last ? place : last;
	row = row_at(page, page->at);
	if (row)
		page->chosen = row->key;
	top_page_fit(page, page->room);
}

/* What was chosen stays so, wherever it stands now; what is gone leaves its place. */
static void find_chosen(struct top_page *page)
{
	for (size_t i = 0; i < page->table.showns && page->holds; i++)
		if (row_at(page, i)->key == page->chosen) {
			go_to(page, i);
			return;
		}
	go_to(page, page->holds ? page->at : 0);
}

void top_page_fit(struct top_page *page, size_t room)
{
	page->room = room;
	if (page->at < page->first)
		page->first = page->at;
	if (room && page->at >= page->first + room)
		page->first = page->at - room + 1;
	/* No empty lines while there are rows above. */
	if (page->table.showns <= room)
		page->first = 0;
	else if (page->first + room > page->table.showns)
		page->first = page->table.showns - room;
}

static void arrange(struct top_page *page)
{
	if (!page->watch->moment)
		return;
	if (top_table_arrange(&page->table, &page->order[page->view]) != 0)
		page->remark = "out of memory";
}

static void make_table(struct top_page *page)
{
	top_table_free(&page->table);
	if (!page->watch->moment)
		return;
	if (top_table_make(&page->table, page->view, page->watch->moment) != 0)
		page->remark = "out of memory";
	top_mark_compare(top_watch_since(page->watch), page->view, &page->table);
	arrange(page);
}

static void show(struct top_page *page, enum top_view view)
{
	page->mode = TOP_LIST;
	if (view == page->view)
		return;
	page->view = view;
	page->at = page->first = 0;
	page->holds = false;
	page->columns = 0;
	make_table(page);
	go_to(page, 0);
}

/* -- Pages of text -------------------------------------------------------------------------- */

static int64_t growth_of(const struct top_page *page)
{
	const struct atlas *atlas = &page->watch->moment->atlas;
	uint32_t place = page->frame <= atlas->frames ? atlas->stack_of[page->frame] : 0;
	uint64_t live = place ? atlas->stack[place - 1].live_bytes : 0;

	return top_mark_growth(top_watch_since(page->watch), TOP_STACKS, page->frame, live);
}

static void write_stack(struct top_page *page)
{
	char buffer[4096], *bytes = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&bytes, &length);
	struct text text;

	if (!stream)
		return;
	text_init(&text, buffer, sizeof(buffer), outfile_sink, stream);
	top_stack_put(&text, page->watch->moment, page->frame, growth_of(page));
	text_flush(&text);
	fclose(stream);
	top_lines_set(&page->lines, bytes, length);
}

static void open_stack(struct top_page *page)
{
	const struct top_row *row = row_at(page, page->at);

	if (!row || (!row->frame && page->view != TOP_STACKS)) {
		page->remark = "no call stack is known of it";
		return;
	}
	page->frame = row->frame;
	page->lines.first = 0;
	page->mode = TOP_STACK;
	write_stack(page);
}

static void open_help(struct top_page *page)
{
	page->mode = TOP_HELP;
	page->lines.first = 0;
	top_lines_set(&page->lines, strdup(help), sizeof(help) - 1);
}

void top_page_renew(struct top_page *page)
{
	make_table(page);
	find_chosen(page);
	if (page->mode == TOP_STACK && page->watch->moment)
		write_stack(page);
}

/* -- Keys ----------------------------------------------------------------------------------- */

/* What is not on screen is skipped, and a share: it is as its column. */
static bool may_sort_by(const struct top_page *page, unsigned column)
{
	if (top_form(page->view)->column[column].unit == TOP_SHARE)
		return false;
	return !page->columns || page->columns >> column & 1;
}

static void sort_beside(struct top_page *page, int step)
{
	struct top_order *order = &page->order[page->view];
	unsigned count = top_form_columns(top_form(page->view));

	do
		order->column = (order->column + count + (unsigned)step) % count;
	while (!may_sort_by(page, order->column));
	order->reversed = false;
	arrange(page);
	find_chosen(page);
}

static void filter_changed(struct top_page *page)
{
	arrange(page);
	find_chosen(page);
}

static void type(struct top_page *page, int key)
{
	size_t length = strlen(page->filter);

	if (key == TOP_KEY_ENTER || key == TOP_KEY_ESCAPE)
		page->typing = false;
	if (key == TOP_KEY_ESCAPE || key == TOP_KEY_ERASE)
		page->filter[0] = '\0';
	else if (key == TOP_KEY_BACKSPACE && length)
		page->filter[length - 1] = '\0';
	else if (key >= ' ' && key < 0x7f && length + 1 < sizeof(page->filter))
		snprintf(page->filter + length, sizeof(page->filter) - length, "%c", key);
	filter_changed(page);
}

static void press_in_text(struct top_page *page, int key)
{
	if (key == TOP_KEY_ESCAPE || key == TOP_KEY_BACKSPACE || key == TOP_KEY_LEFT || key == 'q')
		page->mode = TOP_LIST;
	else
		top_lines_scroll(&page->lines, page->room, key);
}

static void remark_growth(struct top_page *page, bool mark)
{
	if (mark)
		top_watch_mark(page->watch);
	else
		top_watch_unmark(page->watch);
	top_page_renew(page);
}

static void choose(struct top_page *page, size_t place)
{
	page->holds = place != 0;
	go_to(page, place);
}

static void press_in_list(struct top_page *page, int key)
{
	size_t last = page->table.showns ? page->table.showns - 1 : 0;

	switch (key) {
	case '<':
	case TOP_KEY_LEFT:
		sort_beside(page, -1);
		break;
	case '>':
	case TOP_KEY_RIGHT:
		sort_beside(page, 1);
		break;
	case 'R':
		page->order[page->view].reversed = !page->order[page->view].reversed;
		arrange(page);
		find_chosen(page);
		break;
	case '/':
		page->typing = true;
		break;
	case TOP_KEY_ESCAPE:
		page->filter[0] = '\0';
		filter_changed(page);
		break;
	case TOP_KEY_ENTER:
		open_stack(page);
		break;
	default:
		choose(page, top_lines_move(page->at, last, page->room, key));
	}
}

/* What a key does wherever it is pressed; false where it has no such meaning. */
static bool press_anywhere(struct top_page *page, int key)
{
	switch (key) {
	case '1' ... '0' + TOP_VIEWS:
		show(page, (enum top_view)(key - '1'));
		return true;
	case TOP_KEY_TAB:
		show(page, (enum top_view)((page->view + 1) % TOP_VIEWS));
		return true;
	case TOP_KEY_BACK_TAB:
		show(page, (enum top_view)((page->view + TOP_VIEWS - 1) % TOP_VIEWS));
		return true;
	case 'm':
	case 'M':
		remark_growth(page, key == 'm');
		return true;
	case 'p':
		page->watch->paused = !page->watch->paused;
		return true;
	case ' ':
		top_watch_hurry(page->watch);
		return true;
	case '?':
		open_help(page);
		return true;
	}
	return false;
}

bool top_page_press(struct top_page *page, int key)
{
	page->remark = NULL;
	if (page->typing)
		type(page, key);
	else if (key == 'q' && page->mode == TOP_LIST)
		return false;
	else if (press_anywhere(page, key))
		return true;
	else if (page->mode == TOP_LIST)
		press_in_list(page, key);
	else
		press_in_text(page, key);
	return true;
}
