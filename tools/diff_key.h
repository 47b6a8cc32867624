/* diff_key.h - when two mappings count as the same thing. */
#ifndef VMATLAS_DIFF_KEY_H
#define VMATLAS_DIFF_KEY_H

#include "diff_item.h"

/* Whether two mappings that overlap, of one address space at two times, can be the same memory:
 * both vmatlas's; the same file with each byte at the same address; the same marker; or both
 * anonymous, and both accessible or both not. */
bool diff_key_same_memory(const struct diff_item *a, const struct diff_item *b);

/* Whether both are of one sort: vmatlas's, a file's, the kernel's, anonymous and accessible, or
 * anonymous and not. */
bool diff_key_same_substance(const struct diff_item *a, const struct diff_item *b);

/* Orders mappings by what they are for, whatever their addresses: kind, path, call stack, label. 0
 * for those that serve the same purpose. */
int diff_key_purpose(const struct diff_item *a, const struct diff_item *b);

/* Orders mappings by which part of which file they show, and how. */
int diff_key_file(const struct diff_item *a, const struct diff_item *b);

#endif
