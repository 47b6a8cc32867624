/* listing_lines.h - a text line by line, and the words of a line. */
#ifndef VMATLAS_LISTING_LINES_H
#define VMATLAS_LISTING_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listing.h"

/* A text in memory, while it is read. */
struct listing_lines {
	const char *at, *end; /* of what is left */
	const char *line;     /* the line given out last */
	size_t length;        /* without its newline */
	size_t number;        /* from 1 */
};

void listing_lines_init(struct listing_lines *lines, const char *bytes, size_t length);

/* The next line; false at the end. */
bool listing_lines_next(struct listing_lines *lines);

/* Where in the line given out last the reader stands, and what it met first that it cannot take
 * (NULL where nobody asks). */
struct listing_words {
	const struct listing_lines *lines;
	const char *at, *end;
	struct listing_fault *fault;
};

void listing_words_init(struct listing_words *words, const struct listing_lines *lines,
	struct listing_fault *fault);

/* Records a fault at a place in the line, unless there is one already; EILSEQ. */
int listing_words_fault(struct listing_words *words, const char *where, const char *reason);

/* Skips blanks, and takes the prefix if it comes next. */
bool listing_words_take(struct listing_words *words, const char *prefix);

/* Skips blanks and reads a number in the base (16 takes digits of either case, with no 0x). 0 or
 * EILSEQ. */
int listing_words_number(struct listing_words *words, unsigned base, uint64_t *number);

/* Skips blanks and takes the next word; 0, or EILSEQ at the end of the line. */
int listing_words_next(struct listing_words *words, const char **word, size_t *length);

/* What is left of the line, without blanks around it. */
const char *listing_words_rest(struct listing_words *words, size_t *length);

/* Is the line given out last, without blanks around it, this text? Does it begin with it? */
bool listing_line_is(const struct listing_lines *lines, const char *text);
bool listing_line_begins(const struct listing_lines *lines, const char *text);

/* "r-xp", "r-x--" (pmap: the fourth letter is s or -) into enum maps_perm; false for others. */
bool listing_perms_parse(const char *word, size_t length, uint8_t *perms);

#endif
