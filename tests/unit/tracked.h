/* tracked.h - blocks as the wrappers track them. */
#ifndef VMATLAS_TEST_TRACKED_H
#define VMATLAS_TEST_TRACKED_H

#include "thread.h"
#include "track.h"

#include <stdlib.h>

static inline bool tracked_find(const void *block, struct block *found)
{
	struct blocks_tables tables = {.moments = track_moments(), .bigs = table_bigs()};

	return blocks_find(table_blocks(), &tables, (uintptr_t)block, found);
}

static inline void tracked_release(void *block)
{
	struct table_taken taken;

	track_take(block, &taken);
	free(block);
	track_freed(thread_attach(), &taken);
}

#endif
