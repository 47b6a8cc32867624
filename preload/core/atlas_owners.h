/* atlas_owners.h - whose the mappings of an atlas are, by what lines alone cannot tell. */
#ifndef VMATLAS_ATLAS_OWNERS_H
#define VMATLAS_ATLAS_OWNERS_H

#include "atlas.h"

/* Refines kinds and finds owners by what the shim knows: its own memory, stacks, regions. */
void atlas_owners_find(struct atlas *atlas);

/* The kinds that show only in the blocks within: arenas, large blocks, another allocator's. After
 * atlas_blocks_count. */
void atlas_owners_allocator(struct atlas *atlas);

/* Whether the allocator's blocks lie in it. */
bool atlas_owners_is_allocators(const struct atlas_mapping *mapping);

#endif
