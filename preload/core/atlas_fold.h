/* atlas_fold.h - what mappings and their parts have of each other's figures. */
#ifndef VMATLAS_ATLAS_FOLD_H
#define VMATLAS_ATLAS_FOLD_H

#include "atlas.h"

/* Gives each part its share of what the kernel says is resident. Anywhere, as all here. */
void atlas_parts_weigh(struct atlas *atlas);

/* Adds the parts' figures up in their mappings, with the largest part's kind and owner. */
void atlas_parts_fold(struct atlas *atlas);

#endif
