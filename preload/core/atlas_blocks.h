/* atlas_blocks.h - the blocks of an atlas beside the state of their pages. */
#ifndef VMATLAS_ATLAS_BLOCKS_H
#define VMATLAS_ATLAS_BLOCKS_H

#include "atlas.h"

/* Counts every live block into its mapping and its call stack, with the pages that are resident. */
void atlas_blocks_count(struct atlas *atlas);

#endif
