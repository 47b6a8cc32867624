/* gzip.h - compressed bytes to a stream. */
#ifndef VMATLAS_GZIP_H
#define VMATLAS_GZIP_H

#include <stddef.h>
#include <stdio.h>
#include <zlib.h>

struct gzip {
	gzFile file;
};

/* Each returns 0 or an errno. What is written to the stream itself meanwhile comes anywhere. A gzip
 * that was opened must be closed, whatever went wrong between. */
int gzip_open(struct gzip *gzip, FILE *stream);
int gzip_write(struct gzip *gzip, const void *bytes, size_t length);
int gzip_close(struct gzip *gzip);

#endif
