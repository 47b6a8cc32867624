/* wrap_heap.c - the malloc family. */
#include "clock.h"
#include "history.h"
#include "mappings.h"
#include "process.h"
#include "wrap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* A chunk that glibc mapped for itself says so in its header (IS_MMAPPED, malloc/malloc.c); its
 * two size words stand before the block. */
enum { CHUNK_MMAPPED = 2, CHUNK_FLAGS = 7 };

/* The first call of a thread, perhaps of the process. */
static __attribute__((noinline)) struct thread *start(uintptr_t stack, uintptr_t caller)
{
	boot_try(caller);
	if (boot_done() && process_forked())
		process_settle();
	if (!boot_done() || !thread_attach())
		return NULL;
	guard_close(stack);
	return guard.thread;
}

/* As wrap_enter, but this starts the shim where it is the first call of all. */
static inline struct thread *enter(uintptr_t stack, uintptr_t caller)
{
	struct thread *thread = guard.thread;

	if (guard_closed(stack))
		return NULL;
	if (__builtin_expect(!thread, 0))
		return start(stack, caller);
	guard_close(stack);
	return thread;
}

static bool is_tracking(void)
{
	return guard.state == GUARD_TRACKING;
}

/* A block made while the guard is closed: by a signal handler that interrupted our tables it is
 * the program's; within the real call it is the allocator's own business. */
static void *passed(void *block, size_t size)
{
	if (block && is_tracking())
		track_alloc_elsewhere(block, size);
	return block;
}

static inline __attribute__((always_inline)) void *made(
	struct thread *thread, void *block, size_t size, const struct callstack_at *at)
{
	guard_tracking();
	if (__builtin_expect(block != NULL, 1))
		track_made(thread, block, size, at);
	else
		track_failed(thread);
	guard_open();
	return block;
}

/* CALLSTACK_HERE of the wrapper whose frame is at `stack`. */
static struct callstack_at called_at(uintptr_t stack)
{
	const uintptr_t *frame = (const uintptr_t *)stack;

	return (struct callstack_at){frame[1], stack + 16, frame[0]};
}

/* -- Quickly: where one in so many bytes is a sample ----------------------------------------- */

/* This thread, where the call may go without a guard; else NULL. */
static inline struct thread *quick_thread(void)
{
	return __builtin_expect(sample_quick, 0) && guard.state == GUARD_OPEN ? guard.thread : NULL;
}

/* A sample, or what a word does not hold. */
static __attribute__((noinline)) void *made_not_quickly(
	struct thread *thread, void *block, size_t size, uintptr_t stack)
{
	struct callstack_at at = called_at(stack);

	guard_close(stack);
	guard_tracking();
	if (!block)
		track_failed(thread);
	else if (process_forked() || thread->sample.left <= 0)
		track_alloc_sampled(thread, block, size, &at);
	else
		track_pass(thread, block, size);
	guard_open();
	return block;
}

static inline __attribute__((always_inline)) void *made_quickly(
	struct thread *thread, void *block, size_t size, uintptr_t stack)
{
	if (__builtin_expect(block && !process_forked() && sample_passes(&thread->sample, size) &&
				     track_pass_quickly(thread, block, size),
		    1))
		return block;
	return made_not_quickly(thread, block, size, stack);
}

/* -- The wrappers --------------------------------------------------------------------------- */

WRAPPER void *malloc(size_t size)
{
	struct thread *thread = quick_thread();
	struct callstack_at at;

	if (thread)
		return made_quickly(thread, real.malloc(size), size, WRAP_STACK);
	at = CALLSTACK_HERE();
	thread = enter(WRAP_STACK, at.pc);
	if (!thread)
		return passed(real.malloc(size), size);
	return made(thread, real.malloc(size), size, &at);
}

WRAPPER void *calloc(size_t count, size_t size)
{
	struct thread *thread = quick_thread();
	struct callstack_at at;

	if (thread)
		return made_quickly(thread, real.calloc(count, size), count * size, WRAP_STACK);
	at = CALLSTACK_HERE();
	thread = enter(WRAP_STACK, at.pc);
	if (!thread)
		return passed(real.calloc(count, size), count * size);
	return made(thread, real.calloc(count, size), count * size, &at);
}

WRAPPER void *memalign(size_t alignment, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = enter(WRAP_STACK, at.pc);

	if (!thread)
		return passed(real.memalign(alignment, size), size);
	return made(thread, real.memalign(alignment, size), size, &at);
}

WRAPPER void *aligned_alloc(size_t alignment, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = enter(WRAP_STACK, at.pc);

	if (!thread)
		return passed(real.aligned_alloc(alignment, size), size);
	return made(thread, real.aligned_alloc(alignment, size), size, &at);
}

WRAPPER void *valloc(size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = enter(WRAP_STACK, at.pc);

	if (!thread)
		return passed(REAL(valloc)(size), size);
	return made(thread, REAL(valloc)(size), size, &at);
}

WRAPPER void *pvalloc(size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = enter(WRAP_STACK, at.pc);

	if (!thread)
		return passed(REAL(pvalloc)(size), size);
	return made(thread, REAL(pvalloc)(size), size, &at);
}

WRAPPER int posix_memalign(void **block, size_t alignment, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = enter(WRAP_STACK, at.pc);
	int error = REAL(posix_memalign)(block, alignment, size);

	if (thread)
		made(thread, error ? NULL : *block, size, &at);
	else if (!error)
		passed(*block, size);
	return error;
}

/* -- free ----------------------------------------------------------------------------------- */

/* glibc unmaps a chunk of its own mapping by an internal call: say so to who relies on maps. */
static void say_unmapped(const void *block)
{
	const size_t *header = (const size_t *)block - 2;
	uintptr_t start = (uintptr_t)header - header[0];

	mappings_changed(start, start + header[0] + (header[1] & ~(size_t)CHUNK_FLAGS));
}

static bool is_mmapped(const void *block)
{
	return boot_glibc() && ((const size_t *)block)[-1] & CHUNK_MMAPPED;
}

/* Before the allocator has the block: afterwards its address can have come and gone again. `stack`
 * is the wrapper's frame, where CALLSTACK_HERE would look. */
static void remember(struct thread *thread, uintptr_t stack, const struct table_taken *taken)
{
	struct callstack_at at = called_at(stack);
	struct history_release release = {thread, &at, clock_ticks(), VMATLAS_RELEASE_FREE};

	if (thread)
		guard_tracking();
	history_block(&release, taken);
	if (thread)
		guard_calling();
}

static inline void release(
	struct thread *thread, uintptr_t stack, void *block, struct table_taken *taken)
{
	bool mmapped;

	track_take(block, taken);
	if (history_on())
		remember(thread, stack, taken);
	/* Only a block that we saw the allocator make surely has a header. */
	mmapped = taken->word && is_mmapped(block);
	if (mmapped)
		say_unmapped(block);
	real.free(block);
}

static __attribute__((noinline)) void free_slowly(
	struct thread *thread, uintptr_t stack, void *block)
{
	struct table_taken taken;

	release(thread, stack, block, &taken);
	if (!thread) {
		track_freed_elsewhere(&taken);
		return;
	}
	guard_tracking();
	track_freed(thread, &taken);
	guard_open();
}

/* Of a small block, whose word was taken. */
static inline void free_small(struct thread *thread, void *block, uint64_t word)
{
	if (__builtin_expect(is_mmapped(block), 0))
		say_unmapped(block);
	real.free(block);
	guard_tracking();
	track_freed_small(thread, VMATLAS_WORD_SIZE(word));
	guard_open();
}

static inline __attribute__((always_inline)) void give_back(
	uintptr_t stack, uintptr_t caller, void *block)
{
	struct thread *thread = enter(stack, caller);
	uint64_t word;

	if (!block) {
		if (thread)
			guard_open();
		return;
	}
	word = thread && !history_on() ? table_take_small(&thread->near, (uintptr_t)block) : 0;
	if (__builtin_expect(word != 0, 1))
		free_small(thread, block, word);
	else
		free_slowly(thread, stack, block);
}

static __attribute__((noinline)) void settle(struct thread *thread, uintptr_t stack)
{
	guard_close(stack);
	guard_tracking();
	thread_settle(thread);
	guard_open();
}

/* Of a small block; false, and nothing was done, for all others. */
static inline bool freed_quickly(uintptr_t stack, void *block)
{
	struct thread *thread = quick_thread();
	uint64_t word;

	if (!thread || !block)
		return false;
	word = table_take_small(&thread->near, (uintptr_t)block);
	if (!word)
		return false;
	if (__builtin_expect(is_mmapped(block), 0))
		say_unmapped(block);
	real.free(block);
	thread_count(&thread->counters.frees, 1);
	thread_count(&thread->counters.freed_bytes, VMATLAS_WORD_SIZE(word));
	if (__builtin_expect(thread_shrink_quickly(thread, VMATLAS_WORD_SIZE(word)), 0))
		settle(thread, stack);
	return true;
}

WRAPPER void free(void *block)
{
	if (freed_quickly(WRAP_STACK, block))
		return;
	give_back(WRAP_STACK, (uintptr_t)__builtin_return_address(0), block);
}

WRAPPER void free_sized(void *block, size_t size)
{
	(void)size;
	give_back(WRAP_STACK, (uintptr_t)__builtin_return_address(0), block);
}

WRAPPER void free_aligned_sized(void *block, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	give_back(WRAP_STACK, (uintptr_t)__builtin_return_address(0), block);
}

/* -- realloc -------------------------------------------------------------------------------- */

static void *moved_unseen(const struct history_release *release, const struct table_taken *taken,
	void *block, size_t size)
{
	if (history_on() && (block || !size))
		history_block(release, taken);
	if (block || !size)
		track_freed_elsewhere(taken);
	else
		track_put_back(taken);
	if (block && (is_tracking() || taken->word))
		track_alloc_elsewhere(block, size);
	return block;
}

/* glibc frees on size 0 and gives NULL; others give a block. NULL otherwise means that the old
 * block stands. */
static void *moved(const struct history_release *release, const struct table_taken *taken,
	void *block, size_t size)
{
	struct thread *thread = release->thread;

	guard_tracking();
	if (block || !size) {
		if (history_on())
			history_block(release, taken);
		track_freed(thread, taken);
		if (block)
			track_made(thread, block, size, release->at);
	} else {
		track_put_back(taken);
		track_failed(thread);
	}
	guard_open();
	return block;
}

static inline void *reallocated(
	uintptr_t stack, const struct callstack_at *at, void *old, size_t size)
{
	struct thread *thread = enter(stack, at->pc);
	struct history_release release = {.thread = thread, .at = at};
	struct table_taken taken;
	bool mmapped;

	if (!old) {
		void *block = real.realloc(NULL, size);

		return thread ? made(thread, block, size, at) : passed(block, size);
	}
	track_take(old, &taken);
	release.call = VMATLAS_RELEASE_REALLOC;
	release.time = history_on() ? clock_ticks() : 0;
	mmapped = taken.word && is_mmapped(old);
	if (mmapped)
		say_unmapped(old);
	old = real.realloc(old, size);
	return thread ? moved(&release, &taken, old, size)
		      : moved_unseen(&release, &taken, old, size);
}

WRAPPER void *realloc(void *block, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();

	return reallocated(WRAP_STACK, &at, block, size);
}

WRAPPER void *reallocarray(void *block, size_t count, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return reallocated(WRAP_STACK, &at, block, total);
}

WRAPPER size_t malloc_usable_size(void *block)
{
	return REAL(malloc_usable_size)(block);
}
