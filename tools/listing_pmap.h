/* listing_pmap.h - what procps' pmap prints, into a listing. */
#ifndef VMATLAS_LISTING_PMAP_H
#define VMATLAS_LISTING_PMAP_H

#include "listing.h"

/* Does the text look like it? */
bool listing_is_pmap(const char *bytes, size_t length);

/* Reads the listing's bytes, as `pmap` or `pmap -x` print them, into its rows. 0; EILSEQ and
 * *fault, also for a total that is not the sum; or ENOMEM. */
int listing_pmap(struct listing *listing, struct listing_fault *fault);

#endif
