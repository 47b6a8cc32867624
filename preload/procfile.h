/* procfile.h - small files in which the kernel tells something. */
#ifndef VMATLAS_PROCFILE_H
#define VMATLAS_PROCFILE_H

#include <stddef.h>

/* Reads the file from its beginning, at most size - 1 bytes, and puts a NUL behind them. Returns
 * how many; 0 where it cannot be read. Anywhere. */
size_t procfile_read(const char *path, char *buffer, size_t size);

#endif
