/* pool.h - records of one size, each kept once and numbered from 1. */
#ifndef VMATLAS_POOL_H
#define VMATLAS_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Records that are told apart by their first `key` bytes, which may have no holes. */
struct pool {
	size_t size, key; /* bytes */
	uint32_t count;
	uint32_t room;  /* records that `record` has memory for */
	uint32_t slots; /* a power of two, more than count; 0 at first */
	uint32_t *slot; /* numbers of records, by hash */
	char *record;
};

/* An empty pool of records that are told apart by what comes before the member, or by all. */
#define POOL(type, member)                                          \
	(struct pool)                                               \
	{                                                           \
		.size = sizeof(type), .key = offsetof(type, member) \
	}
#define POOL_WHOLE(type)                                  \
	(struct pool)                                     \
	{                                                 \
		.size = sizeof(type), .key = sizeof(type) \
	}

/* The number of the record with the key of this one, which is copied if it is new; 0 when memory is
 * out, or four billion are. */
uint32_t pool_put(struct pool *pool, const void *record);

/* The record of that number; it moves when another is put. */
void *pool_at(const struct pool *pool, uint32_t number);

/* Gives its memory back; it is empty then. */
void pool_free(struct pool *pool);

/* Spreads bytes over 64 bits. */
uint64_t pool_hash(const void *bytes, size_t length);

#endif
