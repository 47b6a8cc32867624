/* atlas_room.h - the memory of an atlas, and how it is divided. */
#ifndef VMATLAS_ATLAS_ROOM_H
#define VMATLAS_ATLAS_ROOM_H

#include "atlas.h"

/* Divides `size` bytes of zeros among the tables of an atlas whose view is set. What the tables of
 * the view have grown by since atlas_memory was asked is done without. Anywhere. */
void atlas_room_lay_out(struct atlas *atlas, char *memory, size_t size, uint32_t mappings);

#endif
