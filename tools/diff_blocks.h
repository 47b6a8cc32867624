/* diff_blocks.h - block by block: which came, which went, which stayed. */
#ifndef VMATLAS_DIFF_BLOCKS_H
#define VMATLAS_DIFF_BLOCKS_H

#include "diff_books.h"

/* Walks the blocks of both sides. A block is the same if it has the same address, size, time of
 * birth and call stack. */
void diff_blocks_enter(const struct diff_books *books);

#endif
