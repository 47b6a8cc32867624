/* atlas_parts.h - the parts of an atlas: its mappings, cut where something else begins. */
#ifndef VMATLAS_ATLAS_PARTS_H
#define VMATLAS_ATLAS_PARTS_H

#include "atlas.h"

/* How many parts so many mappings may have, with so many regions and other spans. Anywhere, as all
 * here. */
uint32_t atlas_parts_room(uint32_t mappings, uint32_t spans);

/* Cuts all mappings, each part with its kind and owner as far as the lists tell. */
void atlas_parts_cut(struct atlas *atlas);

#endif
