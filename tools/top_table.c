#include "top_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "top_forms.h"

/* A name is no longer than a path with its escapes. */
enum { NAME_BYTES = 4 * 4096 + 512, ROOM_FIRST = 64 };

const struct top_form *top_form(enum top_view view)
{
	static const struct top_form *const forms[TOP_VIEWS] = {
		[TOP_LEDGER] = &top_ledger,
		[TOP_MAPPINGS] = &top_mappings,
		[TOP_STACKS] = &top_stacks,
		[TOP_THREADS] = &top_threads,
		[TOP_ARENAS] = &top_arenas,
	};

	return forms[view];
}

unsigned top_form_columns(const struct top_form *form)
{
	unsigned count = 0;

	while (form->column[count].unit != TOP_NAME)
		count++;
	return count + 1;
}

int top_table_make(struct top_table *table, enum top_view view, struct top_moment *moment)
{
	*table = (struct top_table){.form = top_form(view), .moment = moment};
	return table->form->fill(table, moment);
}

void top_table_free(struct top_table *table)
{
	for (size_t i = 0; i < table->rows; i++)
		free(table->row[i].name);
	free(table->row);
	free(table->shown);
	*table = (struct top_table){0};
}

struct top_row *top_table_add(struct top_table *table)
{
	struct top_row *row;

	if (table->rows == table->room) {
		size_t room = table->room ? 2 * table->room : ROOM_FIRST;

		row = realloc(table->row, room * sizeof(*row));
		if (!row)
			return NULL;
		table->row = row;
		table->room = room;
	}
	row = &table->row[table->rows++];
	*row = (struct top_row){0};
	return row;
}

const char *top_table_name(struct top_table *table, struct top_row *row)
{
	char name[NAME_BYTES];
	struct text text;

	if (row->name || row == &table->total)
		return row->name ? row->name : "";
	text_init(&text, name, sizeof(name), NULL, NULL);
	table->form->put_name(&text, table->moment, row);
	row->name = strndup(name, text.used);
	return row->name ? row->name : "";
}

/* -- Filter --------------------------------------------------------------------------------- */

static bool matches(struct top_table *table, struct top_row *row, const char *filter)
{
	return (row->word && strcasestr(row->word, filter)) ||
	       strcasestr(top_table_name(table, row), filter);
}

/* How many rows a parent and its children are. */
static size_t family(const struct top_table *table, size_t parent)
{
	size_t end = parent + 1;

	while (end < table->rows && table->row[end].child)
		end++;
	return end - parent;
}

static bool family_is_shown(struct top_table *table, size_t parent, const char *filter)
{
	const struct top_row *row = &table->row[parent];
	size_t count = family(table, parent);

	if (row->idle && !row->cell[table->form->measure] && !row->growth)
		return false;
	if (!*filter)
		return true;
	for (size_t i = 0; i < count; i++)
		if (matches(table, &table->row[parent + i], filter))
			return true;
	return false;
}

/* -- Sort ----------------------------------------------------------------------------------- */

struct sorting {
	struct top_table *table;
	unsigned column;
	enum top_unit unit;
	bool reversed;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static const char *word_of(const struct top_row *row)
{
	return row->word ? row->word : "";
}

/* Figures: most first; addresses, numbers and texts: from the first on. */
static int compare(const struct sorting *sorting, struct top_row *a, struct top_row *b)
{
	/* A share is as large as what it is a share of. */
	unsigned column = sorting->column - (sorting->unit == TOP_SHARE);

	switch (sorting->unit) {
	case TOP_NAME:
		return strcoll(
			top_table_name(sorting->table, a), top_table_name(sorting->table, b));
	case TOP_WORD:
		return strcmp(word_of(a), word_of(b));
	case TOP_GROWTH:
		return (b->growth > a->growth) - (b->growth < a->growth);
	case TOP_ADDRESS:
	case TOP_NUMBER:
		return compare_numbers(a->cell[column], b->cell[column]);
	default:
		return compare_numbers(b->cell[column], a->cell[column]);
	}
}

/* What is equal stays as it came, whichever way it is sorted. */
static int compare_places(const void *a, const void *b, void *context)
{
	const struct sorting *sorting = context;
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
	int order = compare(sorting, &sorting->table->row[one], &sorting->table->row[other]);

	if (order)
		return sorting->reversed ? -order : order;
	return (one > other) - (one < other);
}

static size_t list_parents(struct top_table *table, const char *filter, uint32_t *parents)
{
	size_t count = 0;

	for (size_t i = 0; i < table->rows; i += family(table, i))
		if (family_is_shown(table, i, filter))
			parents[count++] = (uint32_t)i;
	return count;
}

static void list_all(struct top_table *table, const uint32_t *parents, size_t count)
{
	table->showns = 0;
	for (size_t i = 0; i < count; i++) {
		size_t members = family(table, parents[i]);

		for (size_t j = 0; j < members; j++)
			table->shown[table->showns++] = parents[i] + (uint32_t)j;
	}
}

int top_table_arrange(struct top_table *table, const struct top_order *order)
{
	struct sorting sorting = {.table = table,
		.column = order->column,
		.unit = table->form->column[order->column].unit,
		.reversed = order->reversed};
	uint32_t *parents = malloc((table->rows + 1) * sizeof(*parents));
	uint32_t *shown = realloc(table->shown, (table->rows + 1) * sizeof(*shown));
	size_t count;

	if (shown)
		table->shown = shown;
	if (!parents || !shown) {
		free(parents);
		return ENOMEM;
	}
	count = list_parents(table, order->filter, parents);
	qsort_r(parents, count, sizeof(*parents), compare_places, &sorting);
	list_all(table, parents, count);
	free(parents);
	return 0;
}
