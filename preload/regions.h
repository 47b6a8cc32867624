/* regions.h - what each mmap, mremap and shmat created, and who asked.
 *
 * The kernel merges neighbours and splits what it likes; a region stays what one call created,
 * less what was unmapped or replaced since. */
#ifndef VMATLAS_REGIONS_H
#define VMATLAS_REGIONS_H

#include "core/lane.h"
#include "vmatlas_store.h"

#include <stdbool.h>

/* Pieces of regions that a cut took, to be put back if the kernel then refused; a call that takes
 * more than this from the program and fails at it costs their records. */
enum { REGIONS_UNDO = 8 };

struct regions_undo {
	struct vmatlas_region piece[REGIONS_UNDO];
	unsigned count;
};

/* Records `region` (start, end, time, frame, thread, call); whatever regions stood there end where
 * it begins. An empty range, or one that ends before it starts, changes nothing here and below: no
 * such call succeeds. Under the guard; takes a lock. */
void regions_put(const struct vmatlas_region *region);

/* [start, end) is about to go: regions within it end, those across its ends are cut. Under the
 * guard; takes a lock. */
void regions_cut(uint64_t start, uint64_t end, struct regions_undo *undo);
void regions_put_back(const struct regions_undo *undo);

/* The region that holds the address, copied; false for none. Under the guard; takes a lock. */
bool regions_find(uint64_t address, struct vmatlas_region *region);

/* The table of struct vmatlas_region, to be read by region_read. Anywhere. */
const struct lane *regions_records(void);

/* Regions that could not be kept. Anywhere. */
uint64_t regions_lost(void);

#endif
