#include "sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 64 bits, seven a byte. */
enum { VARINT_MOST = 10 };

static size_t put_varint(uint8_t *to, uint64_t value)
{
	size_t length = 0;

	for (; value >= 0x80; value >>= 7)
		to[length++] = (uint8_t)(value | 0x80);
	to[length++] = (uint8_t)value;
	return length;
}

void sheet_begin(struct sheet *sheet, const char *name, const char *const *names)
{
	*sheet = (struct sheet){.name = name, .names = names};
	while (names[sheet->columns])
		sheet->columns++;
}

void sheet_free(struct sheet *sheet)
{
	for (unsigned i = 0; i < sheet->columns; i++)
		free(sheet->column[i].bytes);
	sheet->columns = 0;
}

static bool has_room(struct sheet_column *column)
{
	size_t room = 2 * column->room + 4096;
	uint8_t *bytes;

	if (column->room - column->used >= VARINT_MOST)
		return true;
	bytes = realloc(column->bytes, room);
	if (!bytes)
		return false;
	column->bytes = bytes;
	column->room = room;
	return true;
}

static void put_code(struct sheet *sheet, uint64_t code)
{
	struct sheet_column *column = &sheet->column[sheet->at];

	if (has_room(column))
		column->used += put_varint(column->bytes + column->used, code);
	else
		sheet->failed = true;
	sheet->rows += sheet->at == 0;
	sheet->at = (sheet->at + 1) % sheet->columns;
}

void sheet_put(struct sheet *sheet, uint64_t value)
{
	uint64_t *last = &sheet->column[sheet->at].last;
	uint64_t difference = value - *last;

	*last = value;
	put_code(sheet, ((difference << 1) ^ -(difference >> 63)) + 1);
}

void sheet_put_known(struct sheet *sheet, uint64_t value, bool known)
{
	if (known)
		sheet_put(sheet, value);
	else
		put_code(sheet, 0);
}

static int write_head(struct packed *packed, const char *name, const char *column, size_t length)
{
	char full[64];
	uint8_t head[VARINT_MOST];
	int error;

	strcpy(full, name);
	if (column)
		strcat(strcat(full, "."), column);
	error = packed_write(packed, head, put_varint(head, strlen(full)));
	error = error ? error : packed_write(packed, full, strlen(full));
	return error ? error : packed_write(packed, head, put_varint(head, length));
}

static int write_column(const struct sheet *sheet, unsigned index, struct packed *packed)
{
	const struct sheet_column *column = &sheet->column[index];
	uint8_t rows[VARINT_MOST];
	size_t length = put_varint(rows, sheet->rows);
	int error = write_head(packed, sheet->name, sheet->names[index], length + column->used);

	error = error ? error : packed_write(packed, rows, length);
	return error ? error : packed_write(packed, column->bytes, column->used);
}

int sheet_write(const struct sheet *sheet, struct packed *packed)
{
	int error = sheet->failed ? ENOMEM : 0;

	for (unsigned i = 0; i < sheet->columns && !error; i++)
		error = write_column(sheet, i, packed);
	return error;
}

int sheet_section(struct packed *packed, const char *name, const void *bytes, size_t length)
{
	int error = write_head(packed, name, NULL, length);

	return error ? error : packed_write(packed, bytes, length);
}
