/* atlas_maps.h - the mappings of an atlas: what the kernel says of each, its kind and its owner. */
#ifndef VMATLAS_ATLAS_MAPS_H
#define VMATLAS_ATLAS_MAPS_H

#include "atlas.h"

/* Reads smaps into atlas->mapping (room for `room`) and atlas->paths (room for paths_room bytes), with
 * the kinds that lines alone tell. 0, or an errno when nothing could be read. */
int atlas_maps_read(struct atlas *atlas, uint32_t room, uint32_t paths_room);

/* Refines kinds and finds owners by what the shim knows: its own memory, stacks, regions. */
void atlas_maps_own(struct atlas *atlas);

/* The kinds that show only in the blocks within: arenas, large blocks, another allocator's. */
void atlas_maps_allocator(struct atlas *atlas);

/* Whether the allocator's blocks lie in it. */
bool atlas_maps_of_allocator(const struct atlas_mapping *mapping);

#endif
