#include "text_column.h"

#include <string.h>

char *text_size_column(uint64_t bytes, char out[TEXT_COLUMN])
{
	static const char units[] = "KMGTPE";
	struct text text;
	unsigned unit = 0;

	text_init(&text, out, TEXT_COLUMN - 1, NULL, NULL);
	if (bytes == 0) {
		text_char(&text, '-');
	} else if (bytes < 1000) {
		text_dec(&text, bytes);
	} else {
		/* Tenths of a unit; 9995 of them would be written as 1000. */
		uint64_t one = 1024, tenths;

		while (bytes / one >= 1000 || bytes / one * 10 + bytes % one * 10 / one >= 9995) {
			one *= 1024;
			unit++;
		}
		tenths = bytes / one * 10 + (bytes % one * 10 + one / 2) / one;
		if (tenths < 100) {
			text_dec(&text, tenths / 10);
			text_char(&text, '.');
			text_dec(&text, tenths % 10);
		} else {
			text_dec(&text, bytes / one + (bytes % one >= one / 2));
		}
		text_char(&text, units[unit]);
	}
	out[text.used] = 0;
	return out;
}

char *text_grouped(uint64_t value, char out[TEXT_GROUPED])
{
	unsigned at = TEXT_GROUPED - 1, digits = 0;

	out[at] = 0;
	do {
		if (digits && digits % 3 == 0)
			out[--at] = ',';
		out[--at] = (char)('0' + value % 10);
		digits++;
	} while ((value /= 10));
	memmove(out, out + at, TEXT_GROUPED - at);
	return out;
}

void text_put_column(struct text *text, uint64_t bytes, size_t width)
{
	char out[TEXT_COLUMN];

	text_right(text, text_size_column(bytes, out), width);
}

void text_put_grouped(struct text *text, uint64_t value, size_t width)
{
	char out[TEXT_GROUPED];

	text_right(text, text_grouped(value, out), width);
}
