/* sheet.h - a table as columns of numbers, that are few bytes where neighbours are alike.
 *
 * A number is its difference to the one above it (modulo 2^64; zigzag: -1 is 1, 1 is 2, -2 is 3),
 * plus 1; 0 is a number that is not known. Of that seven bits a byte, lowest first, 128 in all but
 * the last byte. */
#ifndef VMATLAS_SHEET_H
#define VMATLAS_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packed.h"

enum { SHEET_COLUMNS = 24 };

struct sheet_column {
	uint64_t last;
	uint8_t *bytes;
	size_t used, room;
};

struct sheet {
	const char *name;
	const char *const *names; /* of the columns; NULL behind the last */
	struct sheet_column column[SHEET_COLUMNS];
	unsigned columns, at;
	uint64_t rows;
	bool failed; /* memory is out */
};

/* An empty table; the names stay the caller's. To be given to sheet_free. */
void sheet_begin(struct sheet *sheet, const char *name, const char *const *names);
void sheet_free(struct sheet *sheet);

/* The next number of a row, from left to right; behind the last column the next row begins. A
 * difference of just 2^63 is lost: no address is so far from its neighbour. */
void sheet_put(struct sheet *sheet, uint64_t value);
void sheet_put_known(struct sheet *sheet, uint64_t value, bool known);

/* Writes each column as a section "NAME.COLUMN": the number of rows, and the numbers. 0 or an
 * errno. */
int sheet_write(const struct sheet *sheet, struct packed *packed);

/* Writes a section: its name and its bytes, each behind their length. 0 or an errno. */
int sheet_section(struct packed *packed, const char *name, const void *bytes, size_t length);

#endif
