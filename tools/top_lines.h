/* top_lines.h - a text of many lines, of which some are on the screen. */
#ifndef VMATLAS_TOP_LINES_H
#define VMATLAS_TOP_LINES_H

#include <stddef.h>

struct top_lines {
	char *text; /* each line with its end */
	size_t length, count;
	size_t first; /* the line at the top */
};

/* Takes a text from malloc, NULL for none; the line at the top stays. */
void top_lines_set(struct top_lines *lines, char *text, size_t length);
void top_lines_free(struct top_lines *lines);

/* Line number `number` from the one at the top, from 0, without its end; NULL behind the last. */
const char *top_lines_at(const struct top_lines *lines, size_t number, size_t *length);

/* Where a key (top_key.h) leads from place `from`, of 0 to `most`, where so many are on the screen:
 * the same place for a key that leads nowhere. */
size_t top_lines_move(size_t from, size_t most, size_t room, int key);

/* The same for the line at the top. */
void top_lines_scroll(struct top_lines *lines, size_t room, int key);

#endif
