#include "intern.h"
#include "store.h"

#include <string.h>

/* 1,024 slots serve a small program and cost a page. */
enum { INDEX_FIRST = 1024 };

static void index_put(struct intern_index *index, const uint64_t *key, unsigned words, uint32_t id)
{
	uint32_t at = (uint32_t)intern_hash(key, words);

	while (index->id[at & index->mask])
		at++;
	atomic_store_explicit(&index->id[at & index->mask], id, memory_order_release);
}

static struct intern_index *index_make(uint32_t slots)
{
	struct intern_index *index = store_take(sizeof *index + (size_t)slots * sizeof index->id[0]);

	if (index)
		index->mask = slots - 1;
	return index;
}

/* A fuller index than three quarters is searched for long; a full one for ever. */
static bool index_ready(struct intern *table)
{
	struct intern_index *old = table->index, *index;
	uint32_t count = lane_count(&table->lane), slots = old ? old->mask + 1 : 0;

	if (count < slots / 2)
		return true;
	index = index_make(slots ? slots * 2 : INDEX_FIRST);
	if (!index)
		return count < slots / 4 * 3;
	for (uint32_t id = 1; id <= count; id++)
		index_put(index, lane_get(&table->lane, id), table->key_words, id);
	atomic_store_explicit(&table->index, index, memory_order_release);
	return true;
}

uint32_t intern_append(struct intern *table, const void *record)
{
	uint32_t id = 0;

	if (index_ready(table))
		id = store_append(&table->lane, table->limit);
	if (!id) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return 0;
	}
	memcpy(lane_get(&table->lane, id), record, table->lane.record_size);
	index_put(table->index, record, table->key_words, id);
	return id;
}

uint32_t intern_add(struct intern *table, struct lock *lock, const void *record)
{
	struct held held;
	uint32_t id;

	if (!lock_take(lock, &held)) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return 0;
	}
	id = intern_find(table, record, table->key_words);
	if (!id)
		id = intern_append(table, record);
	lock_release(&held);
	return id;
}
