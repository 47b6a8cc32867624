/* filename.h - templates for the names of reports, and the files that a template has led to. */
#ifndef VMATLAS_FILENAME_H
#define VMATLAS_FILENAME_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Checks `fd:N` or a path with %p %n %e %t %h %%, and writes it with an absolute path (the program
 * may change its directory). Returns NULL, or what is wrong with it, as a constant text. */
const char *filename_absolute(const char *template, char *absolute, size_t size);

/* True for `fd:N`. */
int filename_is_descriptor(const char *template);

/* The template of one process: %p is its number. Returns false where it does not fit. */
bool filename_of_process(const char *template, long pid, char *out, size_t size);

/* Calls found for each file that the template can have named, whatever pid, number and time stand
 * in it, and that was last written at `since` (CLOCK_REALTIME_COARSE, which file times are taken
 * from) or later; in the order of their names. Returns how many there were. */
size_t filename_find(const char *template, const struct timespec *since,
	void (*found)(const char *path, void *context), void *context);

#endif
