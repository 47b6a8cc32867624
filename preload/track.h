/* track.h - the main path: what happens in the tables when the program allocates.
 *
 *   allocate:  the real call, then track_alloc: time, mapping, call stack, origin, table
 *   free:      track_take, then the real call, then track_freed
 *   realloc:   track_take, the real call, then track_freed and track_alloc, or track_put_back
 *
 * A block leaves the table before the allocator can give its address to another thread, and
 * enters it after the allocator gave it to this one; so nobody ever finds another's block at his
 * address. errno stays as the real call left it. */
#ifndef VMATLAS_TRACK_H
#define VMATLAS_TRACK_H

#include "callstack.h"
#include "table.h"
#include "thread.h"

/* A block of `size` bytes, as asked for, is the caller's. Under the guard, of the thread given. */
void track_alloc(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at);

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
	thread_peak(thread, -(int64_t)size);
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

/* Start only. */
void track_boot(void);

#endif
