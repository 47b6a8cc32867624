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

enum {
	/* The most records of a table, and a slot's bits for their number; the bits above hold a
	 * few of the key's hash. So nearly all records that are looked at are the wanted one: each
	 * other would be a miss of the cache. */
	INTERN_ID_BITS = 26,
	INTERN_MOST = (1 << INTERN_ID_BITS) - 1,
};

struct intern_index {
	/* 2^bits slots, 0 for free; each is set once, after its record is filled. */
	_Atomic uint32_t *slot;
	uint32_t mask;
};

struct intern {
	struct lane lane;
	/* Where its index is, a multiple of 64, and the binary logarithm of its length in the bits
	 * that leaves: not beside the numbers, where the program may write over it. Replaced by one
	 * twice as large when half full, never freed. */
	_Atomic uint64_t index;
	uint32_t key_words; /* so many 64-bit words at the head of a record are its key */
	uint32_t limit;     /* most records there may be, INTERN_MOST at most */
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

static inline struct intern_index intern_index_at(uint64_t word)
{
	return (struct intern_index){
		(_Atomic uint32_t *)(uintptr_t)(word & ~(uint64_t)63), (1u << (word & 31)) - 1};
}

/* What a slot holds for a record. */
static inline uint32_t intern_slot(uint64_t hash, uint32_t id)
{
	return (uint32_t)(hash >> (32 + INTERN_ID_BITS)) << INTERN_ID_BITS | id;
}

/* The index in use; `slot` is NULL before the first. Anywhere. */
static inline struct intern_index intern_index(const struct intern *table)
{
	return intern_index_at(atomic_load_explicit(&table->index, memory_order_acquire));
}

/* The number of the record with this key, 0 if it is not there (yet). `words` is the table's
 * key_words, given again so that the compiler can unroll. Anywhere. */
static inline uint32_t intern_find(const struct intern *table, const void *key, unsigned words)
{
	struct intern_index index = intern_index(table);
	uint64_t hash = intern_hash(key, words);
	uint32_t at = (uint32_t)hash, slot, id;
	const void *record;

	for (uint32_t left = index.slot ? index.mask : 0; left > 0; left--, at++) {
		slot = atomic_load_explicit(&index.slot[at & index.mask], memory_order_acquire);
		if (slot == 0)
			return 0;
		id = slot & INTERN_MOST;
		if (slot != intern_slot(hash, id))
			continue;
		record = lane_find(&table->lane, id);
		if (record && intern_equal(record, key, words))
			return id;
	}
	return 0;
}

/* Finds, or appends a copy of `record` (whole) and returns its number; 0 when it is lost. Under the
 * guard; takes `lock`. */
uint32_t intern_add(struct intern *table, struct lock *lock, const void *record);

/* Appends a copy of `record`, which must not be there yet, and returns its number; 0 when it is
 * lost. For those who hold the table's lock over several. Under the guard. */
uint32_t intern_append(struct intern *table, const void *record);

/* The first of `run` new numbers, a power of two of them, whose records begin at a multiple of it
 * and are all zeros until intern_fill; 0 when there is no room. For those who hold the lock. */
uint32_t intern_reserve(struct intern *table, uint32_t run);

/* Makes the record of a reserved number a copy of `record`, which must not be there yet and whose
 * key is not all zeros. False when it is lost. For those who hold the lock. */
bool intern_fill(struct intern *table, uint32_t id, const void *record);

#endif
