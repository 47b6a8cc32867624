/* diff_rows.h - the growth of the whole, in rows that add up to it. */
#ifndef VMATLAS_DIFF_ROWS_H
#define VMATLAS_DIFF_ROWS_H

#include "diff_model.h"

/* Puts totals and rows into a model whose mappings and call stacks are made. */
void diff_rows_make(struct diff_model *model);

/* Orders growths as they are shown: what grew most first, then what shrank, most first. As
 * qsort's comparison. */
int diff_rows_order(int64_t a, int64_t b);

#endif
