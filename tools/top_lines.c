#include "top_lines.h"

#include <stdlib.h>
#include <string.h>

#include "top_key.h"

void top_lines_set(struct top_lines *lines, char *text, size_t length)
{
	free(lines->text);
	lines->text = text;
	lines->length = text ? length : 0;
	lines->count = 0;
	for (size_t i = 0; i < lines->length; i++)
		lines->count += text[i] == '\n';
}

void top_lines_free(struct top_lines *lines)
{
	free(lines->text);
	*lines = (struct top_lines){0};
}

const char *top_lines_at(const struct top_lines *lines, size_t number, size_t *length)
{
	const char *at = lines->text, *end = at + lines->length, *stop;

	for (number += lines->first; at && at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			return NULL;
		if (number--)
			continue;
		*length = (size_t)(stop - at);
		return at;
	}
	return NULL;
}

size_t top_lines_move(size_t from, size_t most, size_t room, int key)
{
	size_t step = key == TOP_KEY_PAGE_UP || key == TOP_KEY_PAGE_DOWN ? (room ? room : 1) : 1;

	switch (key) {
	case TOP_KEY_UP:
	case TOP_KEY_PAGE_UP:
	case 'k':
		return from > step ? from - step : 0;
	case TOP_KEY_DOWN:
	case TOP_KEY_PAGE_DOWN:
	case 'j':
		return from + step < most ? from + step : most;
	case TOP_KEY_HOME:
		return 0;
	case TOP_KEY_END:
		return most;
	}
	return from;
}

void top_lines_scroll(struct top_lines *lines, size_t room, int key)
{
	size_t most = lines->count > room ? lines->count - room : 0;

	lines->first = top_lines_move(lines->first < most ? lines->first : most, most, room, key);
}
