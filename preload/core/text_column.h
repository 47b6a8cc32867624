/* text_column.h - figures for narrow columns, and figures that must be exact. */
#ifndef VMATLAS_TEXT_COLUMN_H
#define VMATLAS_TEXT_COLUMN_H

#include "text.h"

/* Four columns are enough for any size below 1000 EiB. */
#define TEXT_COLUMN 8
/* 18,446,744,073,709,551,615 */
#define TEXT_GROUPED 28

/* "-" for 0, "999", "4.0K", "132K", "1.5G": two or three digits, rounded half up, in units of 1024.
 * Both fill out, terminate it and return it. Anywhere, signal handlers included. */
char *text_size_column(uint64_t bytes, char out[TEXT_COLUMN]);

/* "4,509,715,456". */
char *text_grouped(uint64_t value, char out[TEXT_GROUPED]);

/* Written at once, right-aligned in so many columns. Anywhere. */
void text_put_column(struct text *text, uint64_t bytes, size_t width);
void text_put_grouped(struct text *text, uint64_t value, size_t width);

#endif
