/* top_print.h - one view of one moment, to standard output: `vmatlas top --once`. */
#ifndef VMATLAS_TOP_PRINT_H
#define VMATLAS_TOP_PRINT_H

#include "top_table.h"

/* Both write the rows that are shown, at most `most` of them (0: all), and flush the text; errors
 * are the text's. */
int top_print_text(struct text *text, struct top_table *table, unsigned sorted, size_t most);
int top_print_json(struct text *text, struct top_table *table, size_t most);

#endif
