/* region_groups.h - what each call stack has mapped, and not unmapped since. */
#ifndef VMATLAS_REGION_GROUPS_H
#define VMATLAS_REGION_GROUPS_H

#include "view.h"

struct region_group {
	uint32_t frame; /* the call stack, 0 unknown */
	uint32_t count; /* of regions; 0: a free slot */
	uint64_t bytes;
};

struct region_groups {
	struct region_group *slot; /* a hash table, more than half of it free */
	uint32_t slots;            /* a power of two, or 0 */
	uint32_t used;
	struct region_group others; /* regions for whose call stack there was no slot */
	uint64_t count, bytes;      /* of all regions */
};

/* Words of zeros for the groups of a view: 0 when it has no regions. Anywhere, as all here. */
size_t region_groups_words(const struct view *view);

/* Adds up the live regions of the view in `memory`, which stays the caller's; what does not fit in
 * so many words is in `others`. */
void region_groups_make(
	struct region_groups *groups, const struct view *view, uint64_t *memory, size_t words);

/* The group that comes behind `last` (NULL: the first) when most bytes come first; NULL at the end.
 */
const struct region_group *region_groups_next(
	const struct region_groups *groups, const struct region_group *last);

#endif
