/* maps_sort.h - the order of rows. */
#ifndef VMATLAS_MAPS_SORT_H
#define VMATLAS_MAPS_SORT_H

#include "listing.h"

/* What rows are sorted by. */
struct maps_order {
	const struct maps_key *key; /* NULL: as the source has them */
	bool reverse;
};

/* Finds the key of a name: start, size, path, kind, perms, owner, live, rss and the other figures
 * of smaps. False for other names. */
bool maps_order_find(struct maps_order *order, const char *name);

/* Whether rows are sorted by nothing but their addresses, upwards or down. */
bool maps_order_by_address(const struct maps_order *order);

/* What must be in the listing for that key to mean something: bits of enum listing_known. */
unsigned maps_order_needs(const struct maps_order *order);

/* Sorts: sizes and figures from large to small, all else upwards; rows that are equal stay in the
 * order of addresses. */
void maps_order_sort(const struct maps_order *order, const struct listing_row **row, size_t count);

#endif
