/* landmark.h - where the tables are, for who has no more of this process than its memory.
 *
 * The head of a store's file (vmatlas_storefile.h) without what belongs to a file: it tells reader
 * and debugger of a core where each table begins, in a few hundred bytes that nothing here reads.
 */
#ifndef VMATLAS_LANDMARK_H
#define VMATLAS_LANDMARK_H

#include "vmatlas_storefile.h"

/* Fills in what is known of a head from the start on, but for its magic and pid. Start only. */
void landmark_describe(struct vmatlas_storefile *head);

/* Sets up the one in memory. Start only, once the tables are. */
void landmark_boot(void);

#endif
