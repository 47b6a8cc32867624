#include "intern.h"
#include "store.h"

#include <string.h>

/* 1,024 slots serve a small program and cost a page. */
enum { BITS_FIRST = 10, FILL_AHEAD = 16 };

/* A slot that the program wrote over only makes the search longer; all of them are looked at once.
 */
static void index_put(const struct intern_index *index, uint64_t hash, uint32_t id)
{
	uint32_t at = (uint32_t)hash;

	for (uint32_t left = index->mask; left && index->slot[at & index->mask]; left--)
		at++;
	atomic_store_explicit(
		&index->slot[at & index->mask], intern_slot(hash, id), memory_order_release);
}

static uint64_t hash_of(const struct intern *table, uint32_t id)
{
	return intern_hash(lane_get(&table->lane, id), table->key_words);
}

/* A record that was reserved and not filled yet has none. */
static bool has_key(const struct intern *table, uint32_t id)
{
	const uint64_t *key = lane_get(&table->lane, id);
	uint64_t any = 0;

	for (uint32_t i = 0; i < table->key_words; i++)
		any |= key[i];
	return any != 0;
}

/* Records come in their order, their slots in none: each is fetched some records ahead. */
static void index_fill(const struct intern_index *index, const struct intern *table, uint32_t count)
{
	uint64_t hash[FILL_AHEAD];

	for (uint32_t id = 1; id <= count + FILL_AHEAD; id++) {
		uint64_t *ahead = &hash[id % FILL_AHEAD];

		if (id > FILL_AHEAD && has_key(table, id - FILL_AHEAD))
			index_put(index, *ahead, id - FILL_AHEAD);
		if (id <= count) {
			*ahead = hash_of(table, id);
			__builtin_prefetch((const void *)&index->slot[*ahead & index->mask], 1);
		}
	}
}

static unsigned index_bits(const struct intern *table)
{
	return (unsigned)(table->index & 31);
}

/* The word of an index of 2^bits free slots, 0 when there is no memory. */
static uint64_t index_make(unsigned bits)
{
	uint64_t start = (uintptr_t)store_take_whole(sizeof(uint32_t) << bits);

	return start ? start | bits : 0;
}

/* A fuller index than three quarters is searched for long. */
static bool index_ready(struct intern *table)
{
	uint32_t count = lane_count(&table->lane),
		 slots = table->index ? 1u << index_bits(table) : 0;
	struct intern_index index;
	uint64_t word;

	if (count < slots / 2)
		return true;
	word = index_make(slots ? index_bits(table) + 1 : BITS_FIRST);
	if (!word)
		return count < slots / 4 * 3;
	index = intern_index_at(word);
	index_fill(&index, table, count);
	atomic_store_explicit(&table->index, word, memory_order_release);
	return true;
}

/* The count is written last: what a handler's longjmp cuts short never was there. */
uint32_t intern_append(struct intern *table, const void *record)
{
	struct intern_index index;
	uint32_t id = 0;

	if (index_ready(table))
		id = store_reserve(&table->lane, table->limit);
	if (!id) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return 0;
	}
	memcpy(lane_get(&table->lane, id), record, table->lane.record_size);
	index = intern_index(table);
	index_put(&index, hash_of(table, id), id);
	lane_publish(&table->lane, id);
	return id;
}

uint32_t intern_reserve(struct intern *table, uint32_t run)
{
	uint32_t first = (lane_count(&table->lane) + run - 1) / run * run + 1;

	/* A segment holds a multiple of any run that fits it, so its last record is there, too. */
	if (first + run - 1 > table->limit)
		return 0;
	while (lane_count(&table->lane) < first + run - 1)
		if (!store_append(&table->lane, table->limit))
			return 0;
	return first;
}

bool intern_fill(struct intern *table, uint32_t id, const void *record)
{
	void *place = lane_find(&table->lane, id);
	struct intern_index index;

	if (!place || !index_ready(table)) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return false;
	}
	memcpy(place, record, table->lane.record_size);
	index = intern_index(table);
	index_put(&index, hash_of(table, id), id);
	return true;
}

uint32_t intern_add(struct intern *table, struct lock *lock, const void *record)
{
	struct held held;
	uint32_t id;

	if (!lock_take_guarded(lock, &held)) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return 0;
	}
	id = intern_find(table, record, table->key_words);
	if (!id)
		id = intern_append(table, record);
	lock_release(&held);
	return id;
}
