/* maps_filter.h - which rows of a listing are wanted. */
#ifndef VMATLAS_MAPS_FILTER_H
#define VMATLAS_MAPS_FILTER_H

#include "listing.h"

/* Rows pass that pass every part that is set; zeros let all pass. */
struct maps_filter {
	uint8_t perms_mask, perms; /* (row's perms & mask) == perms */
	uint64_t kinds;            /* bit for each enum kind, its own or a part's; 0: any */
	const char *path;   /* part of the path, or a glob(7) for all of it or its last part */
	uint64_t low, high; /* overlaps [low, high), where addressed */
	bool addressed;
};

/* Each takes an option's argument. Returns NULL, or what is wrong with it, as a constant text.
 *	perms   "r-x", "r-xp": exactly these; "x", "wx", "s": at least these letters; p is not s
 *	kinds   names of kinds with commas between them; may be given several times
 *	addr    "LOW,HIGH", "LOW-HIGH" (HIGH not included) or one address; always hexadecimal */
const char *maps_filter_perms(struct maps_filter *filter, const char *argument);
const char *maps_filter_kinds(struct maps_filter *filter, const char *argument);
const char *maps_filter_addr(struct maps_filter *filter, const char *argument);

bool maps_filter_passes(const struct maps_filter *filter, const struct listing_row *row);

#endif
