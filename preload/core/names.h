/* names.h - what a program counter is called, for reports. */
#ifndef VMATLAS_NAMES_H
#define VMATLAS_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* One level of source at a program counter; several where functions were inlined. */
struct name {
	const char *function; /* NULL unknown; good until the next call of the giver */
	const char *file;     /* NULL unknown */
	uint32_t line;        /* 0 unknown */
	uint64_t offset;      /* of the pc in the function */
};

/* Gives the names of frame number `frame`, innermost first; returns how many were written. */
typedef size_t names_of(void *context, uint32_t frame, struct name *names, size_t capacity);

struct names {
	names_of *of; /* NULL: no names at all */
	void *context;
};

/* A compiler inlines deeper than this at times; the outer levels are then left out. */
enum { NAMES_LEVELS = 8 };

/* The levels of a frame, at least one: where nothing is known, one without a function. `names` may
 * be NULL. Anywhere the giver may be asked. */
size_t names_get(const struct names *names, uint32_t frame, struct name levels[NAMES_LEVELS]);

/* Makes a function's name fit in so many columns (at least 8): arguments of templates and functions
 * become "<…>" and "(…)", and what is still too long ends in "…". Fills out with at most
 * capacity - 1 bytes and a terminating zero, and returns it. capacity must be 5 bytes or more.
 * Anywhere. */
char *names_shorten(const char *function, size_t columns, char *out, size_t capacity);

#endif
