/* listing_bytes.h - all bytes of a stream, in memory. */
#ifndef VMATLAS_LISTING_BYTES_H
#define VMATLAS_LISTING_BYTES_H

#include <stddef.h>
#include <stdio.h>

/* Reads up to the end. 0 and the bytes, from malloc, with a zero behind that is not counted; EFBIG
 * for more than 4 GiB, which no list of mappings is; ENOMEM; or the errno of reading. */
int listing_bytes_read(FILE *file, char **bytes, size_t *length);

/* The same of the file that an argument names, "-" for standard input, which *what then is called
 * in messages. What went wrong is said: 0 or an exit status. */
int listing_bytes_of(const char *path, const char **what, char **bytes, size_t *length);

#endif
