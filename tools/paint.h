/* paint.h - text on its way to a stream, coloured by what it looks like.
 *
 * Reports are written by the core, for the shim as well, and know no colours. What stands at the
 * left edge and is no address is a heading; a line that begins with "!" is a warning; an answer of
 * `vmatlas addr` begins with 0x. */
#ifndef VMATLAS_PAINT_H
#define VMATLAS_PAINT_H

#include <stdbool.h>
#include <stdio.h>

/* A longer line is not coloured. */
enum { PAINT_LINE = 1024 };

struct paint {
	FILE *stream;
	bool wanted;  /* else all goes through as it is */
	bool growths; /* figures with a sign: + red, - green */

	char line[PAINT_LINE];
	size_t used;
	bool overlong; /* this line's beginning has been written */
};

/* A text_sink; the context is a struct paint. 0 or an errno. A last line without its end is held
 * back: no report ends so. */
int paint_sink(void *paint, const char *bytes, size_t length);

#endif
