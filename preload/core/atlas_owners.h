/* atlas_owners.h - which parts of an atlas are the allocator's, by the blocks within. */
#ifndef VMATLAS_ATLAS_OWNERS_H
#define VMATLAS_ATLAS_OWNERS_H

#include "atlas.h"

/* The kinds that show only in the blocks within: another allocator's memory, and where glibc's
 * headers could not be read, its arenas and large blocks. After atlas_blocks_count. Anywhere. */
void atlas_owners_allocator(struct atlas *atlas);

/* Whether the allocator's blocks lie in it. Anywhere. */
bool atlas_owners_is_allocators(const struct atlas_part *part);

#endif
