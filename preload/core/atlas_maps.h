/* atlas_maps.h - the mappings of an atlas: what the kernel says of each. */
#ifndef VMATLAS_ATLAS_MAPS_H
#define VMATLAS_ATLAS_MAPS_H

#include "atlas.h"

/* Reads smaps into atlas->mapping (room for `room`) and atlas->paths (room for paths_room bytes),
 * with the kinds that lines alone tell. 0, or an errno when it could not be read to its end; what
 * was read stays. */
int atlas_maps_read(struct atlas *atlas, uint32_t room, uint32_t paths_room);

#endif
