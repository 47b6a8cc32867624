/* diff_leaks_blocks.h - suspects by the blocks that they allocated and keep. */
#ifndef VMATLAS_DIFF_LEAKS_BLOCKS_H
#define VMATLAS_DIFF_LEAKS_BLOCKS_H

#include "diff_leaks.h"

/* Adds them, with those that have no evidence. 0 or ENOMEM. */
int diff_leaks_blocks(struct diff_leaks *leaks, const struct diff_side *side);

#endif
