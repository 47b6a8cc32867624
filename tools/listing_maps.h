/* listing_maps.h - the text of maps or smaps into a listing. */
#ifndef VMATLAS_LISTING_MAPS_H
#define VMATLAS_LISTING_MAPS_H

#include "listing.h"

/* Reads the listing's bytes, strictly or as pasted_parse does, into its rows. 0; EILSEQ and
 * *fault; or ENOMEM. */
int listing_maps(struct listing *listing, bool pasted, struct listing_fault *fault);

#endif
