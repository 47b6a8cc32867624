/* lane.h - an array of records that only grows and never moves.
 *
 * Records are numbered from 1; 0 means "none". They lie in segments, each twice as long as the
 * one before, so a number finds its record with one count of leading zeros and a record's address
 * stays good for ever: who reads needs no lock. A snapshot's table, which is one piece, is a lane
 * whose segments happen to be neighbours. */
#ifndef VMATLAS_LANE_H
#define VMATLAS_LANE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The first segment holds 2^LANE_FIRST records, so that the tables of a small program share a few
 * pages; 28 segments reach past 4 billion. */
enum { LANE_FIRST = 5, LANE_SEGMENTS = 28 };

struct lane {
	/* Set once each, before a count that reaches into the segment is published. */
	_Atomic(char *) segment[LANE_SEGMENTS];
	/* Only grows. A record below the count may still be all zeros: whoever took its number
	 * has not filled it yet. */
	_Atomic uint32_t count;
	uint32_t record_size;
};

/* In which segment record number `index` (from 0) lies. */
static inline unsigned lane_segment(uint32_t index)
{
	uint64_t shifted = (uint64_t)index + (1u << LANE_FIRST);

	return (63u ^ (unsigned)__builtin_clzll(shifted)) - LANE_FIRST;
}

static inline uint64_t lane_segment_start(unsigned segment)
{
	return ((uint64_t)1 << (LANE_FIRST + segment)) - (1u << LANE_FIRST);
}

static inline uint64_t lane_segment_length(unsigned segment)
{
	return (uint64_t)1 << (LANE_FIRST + segment);
}

/* How many records were handed out. Anywhere, signal handlers included, as all in this file. */
static inline uint32_t lane_count(const struct lane *lane)
{
	return atomic_load_explicit(&lane->count, memory_order_acquire);
}

/* Record `id` counts from now on; the one before it does already. By the one writer. */
static inline void lane_publish(struct lane *lane, uint32_t id)
{
	atomic_store_explicit(&lane->count, id, memory_order_release);
}

/* The record with number `id` of a lane whose records have `size` bytes, if its segment is there;
 * else NULL. One that was not handed out yet is all zeros. For the main path, and for numbers that
 * were handed out, or that the program wrote over: whatever they are, they lead to no other memory.
 */
static inline void *lane_at(const struct lane *lane, uint32_t id, size_t size)
{
	uint64_t shifted = (uint64_t)(uint32_t)(id - 1) + (1u << LANE_FIRST);
	unsigned top = 63u ^ (unsigned)__builtin_clzll(shifted);
	char *base = atomic_load_explicit(&lane->segment[top - LANE_FIRST], memory_order_acquire);

	return base ? base + (shifted ^ (uint64_t)1 << top) * size : NULL;
}

/* The record with number `id`, which the caller knows to exist. */
static inline void *lane_get(const struct lane *lane, uint32_t id)
{
	uint32_t index = id - 1;
	unsigned segment = lane_segment(index);
	char *base = atomic_load_explicit(&lane->segment[segment], memory_order_acquire);

	return base + (index - lane_segment_start(segment)) * lane->record_size;
}

/* The record with number `id`, or NULL where there is none: for numbers that come from a file, or
 * from memory that the program may have written over. */
static inline void *lane_find(const struct lane *lane, uint32_t id)
{
	unsigned segment;

	if (id == 0 || id > lane_count(lane))
		return NULL;
	segment = lane_segment(id - 1);
	if (segment >= LANE_SEGMENTS || !lane->segment[segment])
		return NULL;
	return lane_get(lane, id);
}

/* Makes a lane of `count` records that lie in one piece at `records`, which stays the caller's. */
void lane_over(struct lane *lane, void *records, uint32_t count, uint32_t record_size);

#endif
