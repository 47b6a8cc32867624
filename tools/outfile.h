/* outfile.h - a file that appears whole under its name, or not at all. */
#ifndef VMATLAS_OUTFILE_H
#define VMATLAS_OUTFILE_H

#include <limits.h>
#include <stdio.h>

/* Between outfile_open and outfile_close; write to `stream`. */
struct outfile {
	FILE *stream;
	const char *path;              /* the caller's; NULL for standard output */
	char temporary[PATH_MAX + 32]; /* its name until it is whole; "" where there is none */
};

/* Opens what stands for the path: a new file beside it, for its owner only, that takes the name of
 * what stands there when it is whole; a device or FIFO itself; standard output for NULL. What goes
 * wrong is said on stderr: returns 0 or an exit status. */
int outfile_open(struct outfile *outfile, const char *path);

/* Closes it and, if it is whole and was written without error, gives it its name; else removes it.
 * Returns 0 or an exit status, as outfile_open; 0 for what is not whole. */
int outfile_close(struct outfile *outfile, int whole);

/* A text_sink that writes to a FILE. */
int outfile_sink(void *stream, const char *bytes, size_t length);

#endif
