/* region.h - reading the record of a region while its owner may be writing it. */
#ifndef VMATLAS_REGION_H
#define VMATLAS_REGION_H

#include "lane.h"
#include "vmatlas_store.h"

#include <stdbool.h>

/* Copies the record into *region, all of one moment. False when it is free, makes no sense, or
 * keeps changing (a handler may have interrupted the writer, which then never gets on); *region is
 * of no use then. Anywhere, signal handlers included. */
bool region_read(const struct vmatlas_region *record, struct vmatlas_region *region);

/* Copies the live region that holds the address; false for none. Regions do not overlap; one that
 * is being written is left out. Looks at every record. Anywhere. */
bool region_holding(const struct lane *regions, uint64_t address, struct vmatlas_region *region);

/* Copies a record that another thread may be reading or writing: each word is one value or the
 * other, and a reader throws the copy away when the record's sequence has moved. Anywhere. */
static inline void region_copy(struct vmatlas_region *to, const struct vmatlas_region *from)
{
	enum { WORDS = sizeof *to / sizeof(uint64_t) };
	typedef uint64_t __attribute__((may_alias)) word;

	_Static_assert(sizeof *to % sizeof(word) == 0, "a region is whole words");
	for (int i = 0; i < WORDS; i++)
		__atomic_store_n((word *)to + i,
			__atomic_load_n((const word *)from + i, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
}

/* "mmap", "mremap", "shmat", "brk", "before", "within malloc"; "other" for numbers out of range.
 * Anywhere. */
const char *region_call_name(uint32_t call);

#endif
