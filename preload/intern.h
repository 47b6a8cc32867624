/* intern.h - equal records get one number.
 *
 * A lane plus an index over the first words of its records, their key. Finding takes no lock;
 * adding takes the table's. Nothing is ever removed, and an index that has been outgrown stays
 * where it is, so a finder that still walks it misses new records at worst, and then asks again
 * under the lock. */
#ifndef VMATLAS_INTERN_H
#define VMATLAS_INTERN_H

#include "core/lane.h"
#include "lock.h"

#include <stdbool.h>

struct intern_index {
	uint32_t mask;
	/* Record numbers, 0 for free; each is set once, after its record is filled. */
	_Atomic uint32_t id[];
};

struct intern {
	struct lane lane;
	/* Replaced by one twice as large when half full, never freed. */
	_Atomic(struct intern_index *) index;
	uint32_t key_words; /* so many 64-bit words at the head of a record are its key */
	uint32_t limit;     /* most records there may be */
	/* How often a record could not be kept: no memory, limit reached, lock not had. */
	_Atomic uint64_t lost;
};

static inline uint64_t intern_hash(const uint64_t *key, unsigned words)
{
	uint64_t hash = 0x9e3779b97f4a7c15u;

	for (unsigned i = 0; i < words; i++) {
		hash = (hash ^ key[i]) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}

static inline bool intern_equal(const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

/* The number of the record with this key, 0 if it is not there (yet). `words` is the table's
 * key_words, given again so that the compiler can unroll. Anywhere. */
static inline uint32_t intern_find(const struct intern *table, const void *key, unsigned words)
{
	const struct intern_index *index =
		atomic_load_explicit(&table->index, memory_order_acquire);
	uint32_t id;

	if (!index)
		return 0;
	for (uint32_t at = (uint32_t)intern_hash(key, words);; at++) {
		id = atomic_load_explicit(&index->id[at & index->mask], memory_order_acquire);
		if (id == 0 || intern_equal(lane_get(&table->lane, id), key, words))
			return id;
	}
}

/* Finds, or appends a copy of `record` (whole) and returns its number; 0 when it is lost. Under the
 * guard; takes `lock`. */
uint32_t intern_add(struct intern *table, struct lock *lock, const void *record);

/* Appends a copy of `record`, which must not be there yet, and returns its number; 0 when it is lost.
 * For those who hold the table's lock over several. Under the guard. */
uint32_t intern_append(struct intern *table, const void *record);

#endif
