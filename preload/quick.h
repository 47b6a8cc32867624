/* quick.h - malloc and free where call stacks are sampled, of blocks that are no sample.
 *
 * Behind sample_quick no guard is needed: glibc's malloc calls no wrapper, and all that is changed
 * here is changed by single instructions, which a handler finds done or not done. Whatever is rare
 * closes the guard first, in quick.c. */
#ifndef VMATLAS_QUICK_H
#define VMATLAS_QUICK_H

#include "guard.h"
#include "mmapped.h"
#include "real.h"
#include "sample.h"
#include "track.h"

/* This thread, where a call may go this way if sample_quick says so; else NULL. Anywhere. */
static inline struct thread *quick_thread(void)
{
	return guard.state == GUARD_OPEN ? guard.thread : NULL;
}

/* quick_made of a sample, of what a word does not hold, and of nothing. */
void *quick_made_rarely(struct thread *thread, void *block, size_t size, uintptr_t stack);

/* The allocator gave the block of `size` bytes, or NULL, which is returned. `stack` is the
 * wrapper's frame. By the thread that quick_thread gave before. */
static inline __attribute__((always_inline)) void *quick_made(
	struct thread *thread, void *block, size_t size, uintptr_t stack)
{
	if (__builtin_expect(block && sample_passes(&thread->sample, size) &&
				     track_pass_quickly(thread, block, size),
		    1))
		return block;
	return quick_made_rarely(thread, block, size, stack);
}

/* thread_settle under the guard. */
void quick_settle(struct thread *thread, uintptr_t stack);

/* Frees a block that has a brief; false, and nothing was done, for all others. */
static inline bool quick_freed(uintptr_t stack, void *block)
{
	struct thread *thread = quick_thread();
	uint32_t brief, size;

	if (!thread)
		return false;
	brief = table_take_brief(&thread->near, (uintptr_t)block);
	if (!brief)
		return false;
	if (__builtin_expect(is_mmapped_chunk(block), 0))
		mmapped_gone(block);
	real.free(block);
	size = VMATLAS_BRIEF_SIZE(brief);
	thread_count(&thread->counters.frees, 1);
	thread_count(&thread->counters.freed_bytes, size);
	if (__builtin_expect(thread_shrink_quickly(thread, size), 0))
		quick_settle(thread, stack);
	return true;
}

#endif
