/* pasted.h - lines of maps as web pages, logs and crash reports hand them on. */
#ifndef VMATLAS_PASTED_H
#define VMATLAS_PASTED_H

#include <stddef.h>

#include "../preload/core/maps.h"

/* Reads a line that maps_parse refuses because it was pasted: any space (tabs, no-break spaces, a
 * carriage return) around fields or none between them, capitals, a dash for the hyphen, and a note
 * behind. What it takes for a note begins behind the inode or a closing bracket; behind a path it
 * cannot be told from the path and stays part of it. Markers come out in lower case: "[Heap]" is
 * "[heap]". Returns 0, or EINVAL and the first fault in *fault, which may be NULL; *out is
 * untouched then. out->path points into line, or to a constant string. */
int pasted_parse(const char *line, size_t length, struct maps_line *out, struct maps_fault *fault);

#endif
