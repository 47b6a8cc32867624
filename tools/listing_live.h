/* listing_live.h - the mappings of a process that lives. */
#ifndef VMATLAS_LISTING_LIVE_H
#define VMATLAS_LISTING_LIVE_H

#include "listing.h"

/* Reads maps, or smaps, of a process or thread. What the kernel hands out page by page can be torn
 * by a process that maps at that moment: it is read again a few times then. 0 and the listing,
 * without kinds; or an errno: ENODATA for a process without memory of its own. */
int listing_live(long pid, bool smaps, struct listing **listing);

/* Names threads' stacks by where each thread's stack pointer is, which the kernel tells of threads
 * that do not run and may be traced: sets kind and owner of these, and of their guards. */
void listing_live_threads(struct listing *listing);

#endif
