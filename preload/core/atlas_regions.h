/* atlas_regions.h - the regions of an atlas, and where each sort of them lies. */
#ifndef VMATLAS_ATLAS_REGIONS_H
#define VMATLAS_ATLAS_REGIONS_H

#include "atlas.h"
#include "span.h"

/* What is known of addresses, the surest first: where two say different things, the first counts.
 */
enum atlas_list {
	ATLAS_LIST_OWN,    /* vmatlas's memory */
	ATLAS_LIST_BSS,    /* variables, by the program headers */
	ATLAS_LIST_MALLOC, /* what glibc's malloc mapped */
	ATLAS_LIST_STACKS, /* of threads, with their guards */
	ATLAS_LIST_CALLS,  /* the program's mmap, mremap, shmat; the loader's */
	ATLAS_LISTS,
};

/* A span's id is the index + 1 of its region in atlas->region; 0 where it has none. */
struct atlas_lists {
	struct spans list[ATLAS_LISTS];
};

/* How many spans, and so regions, there may be at most: in one list, in all. Anywhere, as all here.
 */
uint32_t atlas_regions_list_room(const struct view *view, enum atlas_list list);
uint32_t atlas_regions_room(const struct view *view);

/* Fills atlas->region and atlas->lists from the view's tables. */
void atlas_regions_find(struct atlas *atlas);

#endif
