#include "top_cell.h"

#include <ctype.h>
#include <string.h>

#include "../preload/core/text_column.h"

enum {
	/* A name has so many columns at least, or this part of all, before a figure goes for it. */
	NAME_LEAST = 16,
	NAME_PART = 3,
	/* A column of this rank is left out where it is 0 in all rows. */
	RANK_RARE = 9,
};

static bool is_figure(const struct top_column *column)
{
	return column->unit < TOP_GROWTH;
}

/* -- Which columns -------------------------------------------------------------------------- */

static bool says_nothing(const struct top_table *table, unsigned column)
{
	const struct top_column *form = &table->form->column[column];

	if (!is_figure(form) || !form->rank)
		return false;
	for (size_t i = 0; i < table->rows; i++) {
		bool known = !(table->row[i].unknown >> column & 1);

		if (known && (form->rank < RANK_RARE || table->row[i].cell[column]))
			return false;
	}
	return table->rows != 0;
}

static unsigned width_of(const struct top_table *table, uint16_t columns, unsigned room)
{
	unsigned width = room / NAME_PART > NAME_LEAST ? room / NAME_PART : NAME_LEAST;

	for (unsigned i = 0; i < top_form_columns(table->form); i++)
		if (columns >> i & 1 && table->form->column[i].width)
			width += table->form->column[i].width + 1u;
	return width;
}

/* 0 where there is none left that may go. */
static uint16_t least_wanted(const struct top_table *table, uint16_t columns)
{
	uint16_t found = 0;
	unsigned rank = 0;

	for (unsigned i = 0; i < top_form_columns(table->form); i++)
		if (columns >> i & 1 && table->form->column[i].rank > rank) {
			rank = table->form->column[i].rank;
			found = (uint16_t)(1u << i);
		}
	return found;
}

uint16_t top_cell_columns(const struct top_table *table, unsigned width)
{
	uint16_t columns = 0, last;

	for (unsigned i = 0; i < top_form_columns(table->form); i++)
		if (!says_nothing(table, i))
			columns |= (uint16_t)(1u << i);
	while (width && width_of(table, columns, width) > width) {
		last = least_wanted(table, columns);
		if (!last)
			break;
		columns &= (uint16_t)~last;
	}
	return columns;
}

/* -- Cells ---------------------------------------------------------------------------------- */

void top_cell_put_growth(struct text *text, int64_t bytes)
{
	uint64_t size = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;

	if (bytes)
		text_char(text, bytes < 0 ? '-' : '+');
	text_size(text, size);
}

static void put_small_growth(struct text *text, int64_t bytes)
{
	char size[TEXT_COLUMN];

	if (bytes)
		text_char(text, bytes < 0 ? '-' : '+');
	text_str(text, text_size_column(bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes, size));
}

static void put_figure(struct text *text, const struct top_table *table, const struct top_row *row,
	unsigned column)
{
	uint64_t value = row->cell[column];
	char buffer[TEXT_GROUPED];

	switch (table->form->column[column].unit) {
	case TOP_HUMAN:
		text_size(text, value);
		break;
	case TOP_SIZE:
		text_str(text, text_size_column(value, buffer));
		break;
	case TOP_GROUPED:
		text_str(text, value ? text_grouped(value, buffer) : "-");
		break;
	case TOP_ADDRESS:
		text_hex_wide(text, value, 12);
		break;
	case TOP_AGE:
		text_duration(text, value);
		break;
	case TOP_SHARE:
		text_percent(text, value, table->total.cell[column - 1]);
		break;
	default:
		text_dec(text, value);
	}
}

/* Nothing is what no sample tells of, and no estimate. */
static bool is_estimate(const struct top_table *table, const struct top_row *row, unsigned number)
{
	const struct top_column *column = &table->form->column[number];

	if (column->unit == TOP_GROWTH ? !row->growth : !row->cell[number])
		return false;
	return column->sampled && table->moment->view.sample_mean && row != &table->total;
}

/* Right-aligned; of what is not known "?", or nothing beneath all. */
static void put_cell(struct text *text, const struct top_table *table, const struct top_row *row,
	unsigned number)
{
	const struct top_column *column = &table->form->column[number];
	char buffer[64];
	struct text cell;

	text_init(&cell, buffer, sizeof(buffer) - 1, NULL, NULL);
	if (row->unknown >> number & 1) {
		text_str(&cell, row == &table->total ? "" : "?");
	} else {
		text_str(&cell, is_estimate(table, row, number) ? "~" : "");
		if (column->unit == TOP_GROWTH)
			put_small_growth(&cell, row->growth);
		else
			put_figure(&cell, table, row, number);
	}
	buffer[cell.used] = '\0';
	text_right(text, buffer, column->width);
	text_char(text, ' ');
}

void top_cell_put_row(
	struct text *text, struct top_table *table, struct top_row *row, uint16_t columns)
{
	unsigned count = top_form_columns(table->form);

	for (unsigned i = 0; i + 1 < count; i++) {
		if (!(columns >> i & 1))
			continue;
		if (table->form->column[i].unit != TOP_WORD) {
			put_cell(text, table, row, i);
			continue;
		}
		text_left(text, row->word, table->form->column[i].width);
		text_char(text, ' ');
	}
	text_str(text, top_table_name(table, row));
}

/* Titles are ASCII but for one sign. */
static void put_title(struct text *text, const struct top_column *column, bool sorted)
{
	char title[64];
	size_t length = 0;

	for (; column->title[length] && length + 1 < sizeof(title); length++) {
		unsigned char letter = (unsigned char)column->title[length];

		title[length] = (char)(sorted && letter < 128 ? toupper(letter) : letter);
	}
	title[length] = '\0';
	if (column->unit == TOP_WORD || column->unit == TOP_NAME)
		text_left(text, title, column->width);
	else
		text_right(text, title, column->width);
}

void top_cell_put_heading(
	struct text *text, const struct top_table *table, uint16_t columns, unsigned sorted)
{
	unsigned count = top_form_columns(table->form);

	for (unsigned i = 0; i < count; i++) {
		if (!(columns >> i & 1))
			continue;
		put_title(text, &table->form->column[i], i == sorted);
		if (i + 1 < count)
			text_char(text, ' ');
	}
}
