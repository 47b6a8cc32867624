/* placed.h - the table of blocks, built anew from its words. */
#ifndef VMATLAS_PLACED_H
#define VMATLAS_PLACED_H

#include <stddef.h>

#include "../preload/core/blocks.h"
#include "vmatlas_snapshot.h"

/* Leaves of the table, each for 4 MiB of addresses. A leaf with one word in it has two pages in
 * memory, so a file of nothing but lone blocks costs 1 GiB at most; they may lie in 512 GiB. */
enum { PLACED_LEAVES_MOST = 1 << 17 };

/* Makes a table of the words, whose windows must lie within it. 0, ENOMEM, or E2BIG for more leaves
 * than the limit; *blocks is to be given to placed_free in any case. */
int placed_make(struct blocks **blocks, const struct vmatlas_placed *placed, size_t count);

/* NULL is allowed. */
void placed_free(struct blocks *blocks);

#endif
