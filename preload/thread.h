/* thread.h - what vmatlas keeps for each thread.
 *
 * A thread is attached by its first wrapped call. Its `struct thread` is written by itself alone;
 * counters in it are read by whoever dumps. When a thread has ended, its slot serves a later one,
 * so that a million short threads need no more memory than run at once. */
#ifndef VMATLAS_THREAD_H
#define VMATLAS_THREAD_H

#include "callstack.h"
#include "guard.h"
#include "mappings.h"
#include "sample.h"
#include "table.h"
#include "vmatlas_store.h"

#include <stdatomic.h>

enum {
	THREAD_MEMO = 1024,
	THREAD_LIMIT = 1 << 22,
	THREAD_SLOTS = 1 << 16,
	/* A thread tells its live bytes to all when they have moved by so much: the peak is known
	 * to this times the number of threads, and two threads share a cache line once in hundreds
	 * of calls. While there is one thread, its peak is exact. */
	THREAD_SETTLE = 16384,
};

/* What the report's totals are made of. Only grow; a later thread in the same slot goes on. */
struct thread_counters {
	_Atomic uint64_t allocations, allocated_bytes, frees, freed_bytes;
	/* Frees of blocks we never saw; blocks that stood where another was put; calls the
	 * allocator refused. */
	_Atomic uint64_t unknown_frees, replaced, failed;
};

struct thread {
	uint32_t id; /* of its struct vmatlas_thread */
	uint32_t slot;
	_Atomic int64_t unsettled; /* live bytes that the others do not know yet */
	_Atomic int64_t highest;   /* the most these were since the others were last told */
	int64_t notice; /* as long as these are not more, no mark is reached, nor need others know
			 */
	struct sample sample;
	struct table_near near;
	struct thread_counters counters;
	struct mappings_cache mappings;
	struct bigs_stock stock;
	struct {
		uint32_t next, end; /* numbers that were reserved for this slot's origins */
	} origins;
	/* The origin last found for a call stack whose number ends in the index. */
	struct {
		uint32_t frame, origin;
	} memo[THREAD_MEMO];
	struct callstack callstack;
};

/* This thread's, attached now if need be; NULL when there is no memory. After track_boot, anywhere.
 */
struct thread *thread_attach(void);

/* What its creator knew of it, for a thread that pthread_create made. Under the guard. */
void thread_describe(struct thread *thread, uint64_t stack_start, uint64_t stack_end,
	uint64_t guard_bytes, uint32_t creator);

/* This thread is about to end: what it calls still counts, and its slot becomes free once the
 * kernel knows it no more. Under the guard. */
void thread_leave(struct thread *thread);

/* In a forked child: the others are gone, and this thread has another number. Under the guard. */
void thread_forked(void);

/* The struct vmatlas_thread records. Anywhere. */
const struct lane *thread_records(void);

/* Sealed pointers to each struct thread, and where the live bytes that are told of stand, and the
 * most there were behind them: for who reads them when the process is no more. Anywhere. */
const struct lane *thread_slots(void);
const _Atomic int64_t *thread_live_bytes(void);

/* Adds up the counters of all threads, as they are: see totals.h. Frees are read before
 * allocations: no block is seen freed that was not seen allocated. Anywhere. */
struct thread_totals {
	uint64_t allocations, allocated_bytes, frees, freed_bytes;
	uint64_t unknown_frees, replaced, failed;
	uint64_t peak_live_bytes;
	uint64_t peak_error;     /* the true peak is at most so much higher or lower */
	uint64_t peak_inherited; /* of it, what a forked child has from its parent */
	bool peak_lost;          /* live bytes were written over, and the peak with them */
	uint64_t lost;           /* threads that could not be attached, */
	uint32_t unreadable;     /* and whose counters are not found any more */
};
struct thread_totals thread_totals(void);

/* Adds to a counter that only this thread writes: no locked instruction, and a handler that comes
 * in between has counted before or after. Anywhere. */
static inline void thread_count(_Atomic uint64_t *counter, uint64_t amount)
{
#if defined __x86_64__
	__asm__("addq %1, %0" : "+m"(*(uint64_t *)counter) : "er"(amount) : "cc");
#else
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
		memory_order_relaxed);
#endif
}

/* Tells the others, or looks at the mark; then knows when to look again. Under the guard. */
void thread_settle(struct thread *thread);

/* There are so many live bytes more; true where thread_grow has more to do. Anywhere. */
static inline bool thread_grow_quickly(struct thread *thread, size_t bytes)
{
	thread_count((_Atomic uint64_t *)&thread->unsettled, bytes);
	return atomic_load_explicit(&thread->unsettled, memory_order_relaxed) >
	       atomic_load_explicit(&thread->highest, memory_order_relaxed);
}

/* There are so many live bytes more. Under the guard. */
static inline void thread_grow(struct thread *thread, size_t bytes)
{
	int64_t now;

	if (!thread_grow_quickly(thread, bytes))
		return;
	now = atomic_load_explicit(&thread->unsettled, memory_order_relaxed);
	atomic_store_explicit(&thread->highest, now, memory_order_relaxed);
	if (__builtin_expect(now > thread->notice, 0))
		thread_settle(thread);
}

/* There are so many live bytes less; true where thread_settle is due. Anywhere. */
static inline bool thread_shrink_quickly(struct thread *thread, size_t bytes)
{
	thread_count((_Atomic uint64_t *)&thread->unsettled, -(uint64_t)bytes);
	return atomic_load_explicit(&thread->unsettled, memory_order_relaxed) <= -THREAD_SETTLE;
}

/* There are so many live bytes less. Under the guard. */
static inline void thread_shrink(struct thread *thread, size_t bytes)
{
	if (__builtin_expect(thread_shrink_quickly(thread, bytes), 0))
		thread_settle(thread);
}

/* Calls `grown` whenever live bytes reach `step` more than when it was last called. It is called
 * under the guard of the thread that allocates. Start only. */
void thread_watch(uint64_t step, void (*grown)(void));

#endif
