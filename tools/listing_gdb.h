/* listing_gdb.h - what gdb's `info proc mappings` prints, into a listing. */
#ifndef VMATLAS_LISTING_GDB_H
#define VMATLAS_LISTING_GDB_H

#include "listing.h"

/* Does the text look like it? */
bool listing_is_gdb(const char *bytes, size_t length);

/* Reads the listing's bytes into its rows; what gdb said before is passed over. 0; EILSEQ and
 * *fault; or ENOMEM. */
int listing_gdb(struct listing *listing, struct listing_fault *fault);

#endif
