/* track.h - the main path: what happens in the tables when the program allocates.
 *
 *   allocate:  the real call, then track_alloc: time, mapping, call stack, origin, table
 *   free:      track_take, then the real call, then track_freed
 *   realloc:   track_take, the real call, then track_freed and track_alloc, or track_put_back
 *
 * track_made is track_alloc, or the short way where call stacks are sampled (sample.h).
 *
 * A block leaves the table before the allocator can give its address to another thread, and
 * enters it after the allocator gave it to this one; so nobody ever finds another's block at his
 * address. errno stays as the real call left it. */
#ifndef VMATLAS_TRACK_H
#define VMATLAS_TRACK_H

#include "callstack.h"
#include "clock.h"
#include "intern.h"
#include "process.h"
#include "table.h"
#include "thread.h"

struct track_tables {
	struct intern origins; /* struct vmatlas_origin: call stack and slot are the key */
	struct intern moments; /* struct vmatlas_moment, all of it the key */
};
extern struct track_tables track_tables __attribute__((visibility("hidden")));

/* -- The rare ways, under the guard of the thread given ------------------------------------- */

/* The first allocation in a forked child: the thread has another number here, which is returned. */
struct thread *track_forked(struct thread *thread);

/* The number of the origin of this thread and call stack, 0 when it is lost. */
uint32_t track_origin(struct thread *thread, uint32_t frame);

/* The mapping of a block, as mappings_tag, and for a small one the moment. */
struct mappings_place *track_place(
	struct thread *thread, uintptr_t address, size_t size, uint64_t now);

/* A block that table_put_small does not take. */
void track_put(struct thread *thread, const struct table_birth *birth);

/* -- The main path -------------------------------------------------------------------------- */

static inline uint32_t track_origin_of(struct thread *thread, uint32_t frame)
{
	uint32_t at = frame % THREAD_MEMO;

	if (__builtin_expect(thread->memo[at].frame == frame && thread->memo[at].origin, 1))
		return thread->memo[at].origin;
	return track_origin(thread, frame);
}

static inline void track_count(uint32_t id, size_t size)
{
	struct vmatlas_origin *origin =
		lane_at(&track_tables.origins.lane, id, sizeof(struct vmatlas_origin));

	if (!origin)
		return; /* there is none, or the program wrote over our memo */
	/* Only this thread writes them; a reader sees either value whole. */
	__atomic_store_n(&origin->allocations, origin->allocations + 1, __ATOMIC_RELAXED);
	__atomic_store_n(
		&origin->allocated_bytes, origin->allocated_bytes + size, __ATOMIC_RELAXED);
}

static inline void track_total(struct thread *thread, size_t size)
{
	thread_count(&thread->counters.allocations, 1);
	thread_count(&thread->counters.allocated_bytes, size);
	thread_grow(thread, size);
}

/* track_alloc, as part of its caller: a call costs some fifteen instructions. */
static inline __attribute__((always_inline)) uint32_t track_alloc_here(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at)
{
	uintptr_t address = (uintptr_t)block;
	uint64_t now = clock_ticks();
	struct mappings_place *place;
	uint32_t origin, moment;

	if (__builtin_expect(process_forked(), 0))
		thread = track_forked(thread);
	origin = track_origin_of(thread, callstack_capture(&thread->callstack, at));
	track_count(origin, size);
	place = mappings_last(&thread->mappings);
	if (__builtin_expect(!mappings_hit(place, address, size, now), 0))
		place = track_place(thread, address, size, now);
	moment = place ? place->moment : 0;
	track_total(thread, size);
	if (__builtin_expect(!table_put_small(&thread->near, address, size, origin, moment), 0))
		track_put(thread, &(struct table_birth){.address = address,
					  .size = size,
					  .time = now,
					  .origin = origin,
					  .moment = size < VMATLAS_SIZE_BIG ? moment : 0,
					  .mapping = place ? place->birth : 0,
					  .thread = thread->id});
	return origin;
}

/* A block of `size` bytes, as asked for, is the caller's. Returns its origin, 0 where that could
 * not be kept. Under the guard, of the thread given. */
uint32_t track_alloc(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at);

/* The same where call stacks are sampled: of a sample, or of a thread's first block. */
void track_alloc_sampled(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at);

/* The short way of a block that is no sample. Under the guard. */
void track_pass(struct thread *thread, const void *block, size_t size);

/* A new height of live bytes. Not under the guard. */
void track_grown(struct thread *thread);

/* track_pass of a block that needs nothing rare, else false, and nothing was done. Under no guard:
 * what it changes it changes by single instructions, and a handler in between finds all as it was
 * or as it will be. */
static inline __attribute__((always_inline)) bool track_pass_quickly(
	struct thread *thread, const void *block, size_t size)
{
	if (!table_put_brief(&thread->near, (uintptr_t)block, size))
		return false;
	thread_count(&thread->counters.allocations, 1);
	thread_count(&thread->counters.allocated_bytes, size);
	if (__builtin_expect(thread_grow_quickly(thread, size), 0))
		track_grown(thread);
	return true;
}

/* track_alloc_here, or nearly nothing where that samples: no time, no mapping, no call stack, but
 * the thread and the size. */
static inline __attribute__((always_inline)) void track_made(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at)
{
	if (!sample_on())
		track_alloc_here(thread, block, size, at);
	else if (__builtin_expect(process_forked(), 0) || !sample_passes(&thread->sample, size))
		track_alloc_sampled(thread, block, size, at);
	else
		track_pass(thread, block, size);
}

/* What lives has no call stack any more: sampling begins. Start only, with one thread. */
void track_forget_callstacks(void);

/* Blocks that are no sample have briefs from now on; false where they cannot. Start only. */
bool track_briefs(void);

/* Calls `refused` whenever the allocator refuses, under the guard of the thread that asked. Start
 * only. */
void track_watch_refusals(void (*refused)(void));

/* The allocator refused. Under the guard. */
void track_failed(struct thread *thread);

/* Takes the block out of the table, if it is there. Anywhere. */
void track_take(const void *block, struct table_taken *taken);

/* It was there and the allocator has it back. Under the guard. */
void track_freed(struct thread *thread, const struct table_taken *taken);

/* The same for a small block, which was taken by table_take_small. Under the guard. */
static inline void track_freed_small(struct thread *thread, uint32_t size)
{
	thread_count(&thread->counters.frees, 1);
	thread_count(&thread->counters.freed_bytes, size);
	thread_shrink(thread, size);
}

/* The allocator did not take it: all as before. Anywhere. */
void track_put_back(const struct table_taken *taken);

/* A free by a caller that has no thread of ours: before the start, or in a handler that had
 * interrupted us. Anywhere. */
void track_freed_elsewhere(const struct table_taken *taken);

/* The same for a block that was made so: it is kept, with no call stack. Anywhere. */
void track_alloc_elsewhere(const void *block, size_t size);

/* The number of the call stack of `at`, for the records of regions and threads. Under the guard. */
uint32_t track_callstack(struct thread *thread, const struct callstack_at *at);

/* The tables. Anywhere. */
const struct lane *track_origins(void);
const struct lane *track_moments(void);

/* What the shim could not keep, and what it counts by itself. Anywhere. */
struct track_counts {
	uint64_t origins_lost, elsewhere_allocations, elsewhere_frees;
	uint64_t resolution_ticks; /* how exact the newest birth times are */
};
struct track_counts track_counts(void);

/* Where resolution_ticks stands. Anywhere. */
const _Atomic uint64_t *track_resolution(void);

/* Start only. */
void track_boot(void);

#endif
