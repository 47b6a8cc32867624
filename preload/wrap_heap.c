/* wrap_heap.c - the malloc family. */
#include "clock.h"
#include "history.h"
#include "mmapped.h"
#include "process.h"
#include "quick.h"
#include "wrap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

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

/* -- The wrappers --------------------------------------------------------------------------- */

/* `name` is `name_sampled` where sample_quick says so, else `name_tracked`: not a branch of one
 * function, which would save the registers of the longer way first. A jump leaves the caller's
 * return address and frame as they are, so either finds what a wrapper finds. */
#define EITHER(name)                                                                           \
	__asm__(".pushsection .text\n\t.globl " #name "\n\t.type " #name                       \
		", @function\n\t.p2align 4\n" #name ":\n\t.cfi_startproc\n\t"                  \
		"cmpb $0, sample_quick(%rip)\n\tje " #name "_tracked\n\tjmp " #name "_sampled" \
		"\n\t.cfi_endproc\n\t.size " #name ", . - " #name "\n\t.popsection")
#define EITHER_WAY static __attribute__((used, noinline, noclone, force_align_arg_pointer))

static inline __attribute__((always_inline)) void *malloc_called(
	uintptr_t stack, struct callstack_at at, size_t size)
{
	struct thread *thread = enter(stack, at.pc);

	if (!thread)
		return passed(real.malloc(size), size);
	return made(thread, real.malloc(size), size, &at);
}

static __attribute__((noinline)) void *malloc_slowly(uintptr_t stack, size_t size)
{
	return malloc_called(stack, callstack_called_at(stack), size);
}

EITHER_WAY void *malloc_tracked(size_t size)
{
	return malloc_called(WRAP_STACK, CALLSTACK_HERE(), size);
}

EITHER_WAY void *malloc_sampled(size_t size)
{
	struct thread *thread = quick_thread();

	if (__builtin_expect(!thread, 0))
		return malloc_slowly(WRAP_STACK, size);
	return quick_made(thread, real.malloc(size), size, WRAP_STACK);
}

EITHER(malloc);

static inline __attribute__((always_inline)) void *calloc_called(
	uintptr_t stack, struct callstack_at at, size_t count, size_t size)
{
	struct thread *thread = enter(stack, at.pc);

	if (!thread)
		return passed(real.calloc(count, size), count * size);
	return made(thread, real.calloc(count, size), count * size, &at);
}

static __attribute__((noinline)) void *calloc_slowly(uintptr_t stack, size_t count, size_t size)
{
	return calloc_called(stack, callstack_called_at(stack), count, size);
}

EITHER_WAY void *calloc_tracked(size_t count, size_t size)
{
	return calloc_called(WRAP_STACK, CALLSTACK_HERE(), count, size);
}

EITHER_WAY void *calloc_sampled(size_t count, size_t size)
{
	struct thread *thread = quick_thread();

	if (__builtin_expect(!thread, 0))
		return calloc_slowly(WRAP_STACK, count, size);
	return quick_made(thread, real.calloc(count, size), count * size, WRAP_STACK);
}

EITHER(calloc);

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

/* Before the allocator has the block: afterwards its address can have come and gone again. `stack`
 * is the wrapper's frame, where CALLSTACK_HERE would look. */
static void remember(struct thread *thread, uintptr_t stack, const struct table_taken *taken)
{
	struct callstack_at at = callstack_called_at(stack);
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
		mmapped_gone(block);
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
		mmapped_gone(block);
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

static __attribute__((noinline)) void free_called(uintptr_t stack, uintptr_t caller, void *block)
{
	give_back(stack, caller, block);
}

EITHER_WAY void free_tracked(void *block)
{
	give_back(WRAP_STACK, (uintptr_t)__builtin_return_address(0), block);
}

EITHER_WAY void free_sampled(void *block)
{
	if (!quick_freed(WRAP_STACK, block))
		free_called(WRAP_STACK, (uintptr_t)__builtin_return_address(0), block);
}

EITHER(free);

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
		mmapped_gone(old);
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
