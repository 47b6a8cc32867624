/* phases.h - the moments that the program names, with what was live then. */
#ifndef VMATLAS_PHASES_H
#define VMATLAS_PHASES_H

#include "core/lane.h"

/* Most phases that are kept, 2 MiB of them; further ones are counted. */
enum { PHASES_MOST = 16384 };

/* Records that a phase begins now: 0, or ENOSPC when it could not be kept (counted). The name is
 * copied, and cut to what a record holds. Anywhere but before the start; takes a lock. */
int phases_mark(const char *name);

/* The struct vmatlas_phase records; one whose time is 0 is being written. Anywhere. */
const struct lane *phases_lane(void);

/* Phases that could not be kept. Anywhere. */
uint64_t phases_lost(void);

#endif
