/* top_cell.h - rows of `vmatlas top` as text: which columns there is room for, and their cells. */
#ifndef VMATLAS_TOP_CELL_H
#define VMATLAS_TOP_CELL_H

#include "top_table.h"

/* The columns to show in so many columns of a terminal (0: all), a bit for each, the name always:
 * those that say nothing are left out first, then those of the highest rank. */
uint16_t top_cell_columns(const struct top_table *table, unsigned width);

/* The heading, or a row, of those columns, with no newline. `sorted`: the column by which they are
 * sorted, whose heading is in capitals. Text is printable UTF-8, and as long as the name is. */
void top_cell_put_heading(
	struct text *text, const struct top_table *table, uint16_t columns, unsigned sorted);
void top_cell_put_row(
	struct text *text, struct top_table *table, struct top_row *row, uint16_t columns);

/* "+1.2 MiB", "-300 KiB", "0". */
void top_cell_put_growth(struct text *text, int64_t bytes);

#endif
