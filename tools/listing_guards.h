/* listing_guards.h - guard pages that maps does not show. */
#ifndef VMATLAS_LISTING_GUARDS_H
#define VMATLAS_LISTING_GUARDS_H

#include "listing.h"

/* Finds the pages that MADV_GUARD_INSTALL (Linux 6.13) has made guards: touching them is a fault,
 * though maps shows them as the rest of their mapping. glibc 2.42 guards threads' stacks so. Of a
 * live process, by pagemap (Linux 6.15), how many there are in each row; else, by the flag "gu" in
 * smaps, that there are some. Sets LISTING_GUARDS where rows of which nothing is said have none. */
void listing_guards_find(struct listing *listing);

/* Whether a kernel of this release ("6.12.3-amd64") has no such pages at all. */
bool listing_guards_impossible(const char *release);

#endif
