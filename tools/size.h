/* size.h - sizes and numbers as people type them. */
#ifndef VMATLAS_SIZE_H
#define VMATLAS_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number from 0 to `most`, decimal, with nothing before or behind it: true, or false and
 * *number untouched. */
bool size_number(const char *text, uint64_t most, uint64_t *number);

/* "4096", "64K", "100M", "2G", "1T", in small letters too: powers of 1024, as everywhere in the
 * reports. "1.5G" is none. NULL; or what would have been right, as a constant text, and *bytes
 * untouched. */
const char *size_bytes(const char *text, uint64_t *bytes);

#endif
