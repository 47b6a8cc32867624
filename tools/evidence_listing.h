/* evidence_listing.h - what a list of mappings says. */
#ifndef VMATLAS_EVIDENCE_LISTING_H
#define VMATLAS_EVIDENCE_LISTING_H

#include "evidence.h"
#include "listing.h"

/* Fills in zeros from a listing that is no snapshot's. What goes wrong is said on stderr: 0 or an
 * exit status. */
int evidence_listing(const char *what, const struct listing *listing, struct evidence *evidence);

#endif
