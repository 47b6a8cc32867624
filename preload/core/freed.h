/* freed.h - reading what is remembered of freed blocks, while others are freed. */
#ifndef VMATLAS_FREED_H
#define VMATLAS_FREED_H

#include "lane.h"
#include "vmatlas_store.h"

#include <stdbool.h>

/* Copies the record into *freed, all of one release. False when it is empty, makes no sense, or is
 * being written; *freed is of no use then. Anywhere, signal handlers included. */
bool freed_read(const struct vmatlas_freed *record, struct vmatlas_freed *freed);

/* Of those that had the address as one of their bytes (or as their start, if they had none) the one
 * that was released last before `before`, a time in ticks. False for none. Looks at every record.
 * Anywhere. */
bool freed_last(
	const struct lane *records, uint64_t address, uint64_t before, struct vmatlas_freed *freed);

/* "free", "realloc", "munmap", "mremap", "shmdt"; "other" for numbers out of range. Anywhere. */
const char *freed_release_name(uint32_t release);

/* Copies a record that another thread may be reading: each word is one value or the other, and a
 * reader throws the copy away when the sequence has moved. The sequence itself is left out.
 * Anywhere. */
static inline void freed_copy(struct vmatlas_freed *to, const struct vmatlas_freed *from)
{
	enum { WORDS = sizeof *to / sizeof(uint64_t) };
	typedef uint64_t __attribute__((may_alias)) word;

	_Static_assert(sizeof *to == 64, "a record is a cache line");
	for (int i = 1; i < WORDS; i++)
		__atomic_store_n((word *)to + i,
			__atomic_load_n((const word *)from + i, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
}

#endif
