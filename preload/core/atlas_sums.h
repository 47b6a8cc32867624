/* atlas_sums.h - figures of regions and arenas, added up from the parts that are theirs. */
#ifndef VMATLAS_ATLAS_SUMS_H
#define VMATLAS_ATLAS_SUMS_H

#include "atlas.h"

/* Bytes, and blocks; as in struct atlas_part. */
struct atlas_sums {
	uint64_t rss, live_blocks, live_bytes, live_resident, retained, trimmable, pinned;
};

/* Adds the parts in the range that are the region's and no surer one's. Anywhere, as all here. */
void atlas_sums_add(struct atlas_sums *sums, const struct atlas *atlas,
	const struct atlas_region *region, const struct view_range *range);

/* Threads of an arena that are told by name. */
enum { ATLAS_ARENA_THREADS = 64 };

/* One of glibc's arenas: all its heaps together. */
struct atlas_arena {
	uint32_t number; /* from 1 */
	uint32_t heaps;
	uint64_t reserved, committed; /* bytes */
	struct atlas_sums sums;
	/* Whose live blocks lie in it: numbers of struct vmatlas_thread, all or the first. */
	uint32_t thread[ATLAS_ARENA_THREADS];
	uint32_t threads;
	bool more_threads;
};

/* The arena behind that of arena->number (0: the first) into *arena; false at the end. */
bool atlas_arena_next(const struct atlas *atlas, struct atlas_arena *arena);

#endif
