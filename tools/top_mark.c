#include "top_mark.h"

#include <errno.h>
#include <stdlib.h>

static int by_key(const void *a, const void *b)
{
	const struct top_marked *one = a, *other = b;

	return (one->key > other->key) - (one->key < other->key);
}

static bool is_known(const struct top_form *form, const struct top_row *row)
{
	return !(row->unknown >> form->measure & 1);
}

static int set_view(struct top_mark *mark, enum top_view view, struct top_moment *moment)
{
	struct top_table table;
	int error = top_table_make(&table, view, moment);
	struct top_marked *entry = error ? NULL : malloc((table.rows + 1) * sizeof(*entry));
	size_t count = 0;

	for (size_t i = 0; entry && i < table.rows; i++)
		if (is_known(table.form, &table.row[i]))
			entry[count++] = (struct top_marked){
				table.row[i].key, table.row[i].cell[table.form->measure]};
	if (entry) {
		qsort(entry, count, sizeof(*entry), by_key);
		mark->view[view].entry = entry;
		mark->view[view].count = count;
		mark->view[view].total = table.total.cell[table.form->measure];
	}
	top_table_free(&table);
	return entry ? 0 : ENOMEM;
}

int top_mark_set(struct top_mark *mark, struct top_moment *moment)
{
	struct top_mark made = {.time_ns = moment->view.now.realtime_ns,
		.rss = moment->atlas.rss,
		.live_bytes = moment->atlas.live_bytes};
	int error = 0;

	for (unsigned view = 0; view < TOP_VIEWS && !error; view++)
		error = set_view(&made, (enum top_view)view, moment);
	if (error) {
		top_mark_free(&made);
		return error;
	}
	top_mark_free(mark);
	*mark = made;
	return 0;
}

void top_mark_free(struct top_mark *mark)
{
	for (unsigned view = 0; view < TOP_VIEWS; view++)
		free(mark->view[view].entry);
	*mark = (struct top_mark){0};
}

int64_t top_mark_growth(const struct top_mark *mark, enum top_view view, uint64_t key, uint64_t now)
{
	struct top_marked wanted = {key, 0};
	const struct top_marked *then = NULL;

	if (mark->view[view].count)
		then = bsearch(&wanted, mark->view[view].entry, mark->view[view].count,
			sizeof(wanted), by_key);
	return (int64_t)(now - (then ? then->value : 0));
}

void top_mark_compare(const struct top_mark *mark, enum top_view view, struct top_table *table)
{
	unsigned measure = table->form->measure;

	for (size_t i = 0; i < table->rows; i++) {
		struct top_row *row = &table->row[i];

		if (is_known(table->form, row))
			row->growth = top_mark_growth(mark, view, row->key, row->cell[measure]);
	}
	table->total.growth = (int64_t)(table->total.cell[measure] - mark->view[view].total);
}
