#include "pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

uint64_t pool_hash(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325u ^ length;

	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
		hash ^= hash >> 32;
	}
	for (; length; length--)
		hash = (hash ^ *at++) * 0x100000001b3u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

void *pool_at(const struct pool *pool, uint32_t number)
{
	return pool->record + (size_t)(number - 1) * pool->size;
}

/* Where the key stands, or would stand. */
static uint32_t *slot_of(const struct pool *pool, const void *record)
{
	uint32_t at = (uint32_t)pool_hash(record, pool->key) & (pool->slots - 1);

	while (pool->slot[at] && memcmp(pool_at(pool, pool->slot[at]), record, pool->key) != 0)
		at = (at + 1) & (pool->slots - 1);
	return &pool->slot[at];
}

static bool grow_slots(struct pool *pool)
{
	uint32_t slots = pool->slots ? 2 * pool->slots : FIRST_SLOTS;
	uint32_t *slot = slots ? calloc(slots, sizeof(*slot)) : NULL;

	if (!slot)
		return false;
	free(pool->slot);
	pool->slot = slot;
	pool->slots = slots;
	for (uint32_t number = 1; number <= pool->count; number++)
		*slot_of(pool, pool_at(pool, number)) = number;
	return true;
}

static bool grow_records(struct pool *pool)
{
	uint32_t room = pool->room + pool->room / 2 + FIRST_SLOTS;
	void *record = room > pool->room ? reallocarray(pool->record, room, pool->size) : NULL;

	if (!record)
		return false;
	pool->record = record;
	pool->room = room;
	return true;
}

uint32_t pool_put(struct pool *pool, const void *record)
{
	uint32_t *slot;

	if (pool->count >= pool->slots / 2 && !grow_slots(pool))
		return 0;
	slot = slot_of(pool, record);
	if (*slot || (pool->count == pool->room && !grow_records(pool)))
		return *slot;
	*slot = ++pool->count;
	memcpy(pool_at(pool, *slot), record, pool->size);
	return *slot;
}

void pool_free(struct pool *pool)
{
	free(pool->slot);
	free(pool->record);
	*pool = (struct pool){.size = pool->size, .key = pool->key};
}
