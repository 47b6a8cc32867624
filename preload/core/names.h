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

#endif
