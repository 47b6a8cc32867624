/* listing_snapshot.h - the mappings that a snapshot holds, with what the shim knew of them. */
#ifndef VMATLAS_LISTING_SNAPSHOT_H
#define VMATLAS_LISTING_SNAPSHOT_H

#include "listing.h"
#include "snapshot.h"

/* Do these bytes begin a snapshot? */
bool listing_is_snapshot(const char *bytes, size_t length);

/* Reads a snapshot's file into a listing with kinds and owners, which keeps the snapshot. The file
 * stays the caller's. 0; EILSEQ and *fault; or an errno. */
int listing_snapshot_file(FILE *file, struct listing **listing, struct snapshot_fault *fault);

/* The same out of memory, which stays the caller's. */
int listing_snapshot(
	const char *bytes, size_t length, struct listing **listing, struct snapshot_fault *fault);

#endif
