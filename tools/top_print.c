#include "top_print.h"

#include <string.h>

#include "../preload/core/json.h"
#include "top_cell.h"
#include "top_head.h"

/* Changes when a key of the JSON goes or changes its meaning; not when one comes. */
enum { VERSION = 1 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t count_of(const struct top_table *table, size_t most)
{
	return most ? least(most, table->showns) : table->showns;
}

/* -- Text ----------------------------------------------------------------------------------- */

/* Nothing has grown since this very moment. */
static uint16_t columns_of(const struct top_table *table)
{
	uint16_t columns = top_cell_columns(table, 0);

	for (unsigned i = 0; i < top_form_columns(table->form); i++)
		if (table->form->column[i].unit == TOP_GROWTH)
			columns &= (uint16_t) ~(1u << i);
	return columns;
}

static void put_head(struct text *text, const struct top_moment *moment)
{
	top_head_put_title(text, moment);
	text_str(text, "\n  ");
	top_head_put_figures(text, moment, NULL);
	text_char(text, '\n');
	for (unsigned i = 0;; i++) {
		char line[4096];
		struct text notice;

		text_init(&notice, line, sizeof(line), NULL, NULL);
		if (!top_head_put_notice(&notice, moment, i))
			break;
		text_str(text, "  ! ");
		text_bytes(text, line, notice.used);
		text_char(text, '\n');
	}
}

int top_print_text(struct text *text, struct top_table *table, unsigned sorted, size_t most)
{
	uint16_t columns = columns_of(table);
	size_t count = count_of(table, most);

	put_head(text, table->moment);
	text_char(text, '\n');
	top_cell_put_heading(text, table, columns, sorted);
	text_char(text, '\n');
	for (size_t i = 0; i < count; i++) {
		top_cell_put_row(text, table, &table->row[table->shown[i]], columns);
		text_char(text, '\n');
	}
	top_cell_put_row(text, table, &table->total, columns);
	text_char(text, '\n');
	return text_flush(text);
}

/* -- JSON ----------------------------------------------------------------------------------- */

static void put_cell(
	struct json *json, struct top_table *table, struct top_row *row, unsigned number)
{
	const struct top_column *column = &table->form->column[number];

	if (!column->key)
		return;
	json_key(json, column->key);
	if (row->unknown >> number & 1)
		json_nil(json);
	else if (column->unit == TOP_WORD)
		json_str(json, row->word);
	else if (column->unit == TOP_NAME)
		json_str(json, top_table_name(table, row));
	else if (column->unit == TOP_ADDRESS)
		json_address(json, row->cell[number]);
	else
		json_number(json, row->cell[number]);
}

static void put_row(struct json *json, struct top_table *table, struct top_row *row)
{
	json_object_begin(json);
	for (unsigned i = 0; i < top_form_columns(table->form); i++)
		put_cell(json, table, row, i);
	if (row->child)
		json_put_bool(json, "part", true);
	json_object_end(json);
}

static void put_process(struct json *json, const struct view *view)
{
	json_put_object(json, "process");
	json_put_number(json, "pid", view->pid);
	json_put_string(json, "name", view->name);
	json_put_number(json, "start_time_ns", view->start.realtime_ns);
	json_put_number(json, "time_ns", view->now.realtime_ns);
	json_object_end(json);
	json_line(json);
}

static void put_totals(struct json *json, const struct top_moment *moment)
{
	json_put_object(json, "totals");
	json_put_number(json, "rss", moment->atlas.rss);
	json_put_number(json, "live_bytes", moment->atlas.live_bytes);
	json_put_number(json, "live_blocks", moment->atlas.live_blocks);
	json_put_figure(json, "peak_live_bytes", report_peak(&moment->report));
	json_object_end(json);
	json_line(json);
}

int top_print_json(struct text *text, struct top_table *table, size_t most)
{
	size_t count = count_of(table, most);
	struct json json;

	json_init(&json, text);
	json_object_begin(&json);
	json_put_number(&json, "version", VERSION);
	put_process(&json, &table->moment->view);
	put_totals(&json, table->moment);
	json_put_string(&json, "view", table->form->name);
	json_put_number(&json, "sample_mean_bytes", table->moment->view.sample_mean);
	json_put_array(&json, "rows");
	for (size_t i = 0; i < count; i++) {
		json_line(&json);
		put_row(&json, table, &table->row[table->shown[i]]);
	}
	json_line(&json);
	json_array_end(&json);
	json_key(&json, "total");
	put_row(&json, table, &table->total);
	json_object_end(&json);
	text_char(text, '\n');
	return text_flush(text);
}
