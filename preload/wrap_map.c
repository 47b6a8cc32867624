/* wrap_map.c - the mmap family: who mapped what, and when the map of the process changes. */
#include "ask.h"
#include "clock.h"
#include "history.h"
#include "mappings.h"
#include "regions.h"
#include "wrap.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static uintptr_t page_up(uintptr_t address)
{
	return (address + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
}

/* The thread that came here from within malloc, or NULL. What another allocator than glibc's maps,
 * also for its own books, is known so. */
static struct thread *within(void)
{
	if (guard.state == GUARD_CALLING && process_forked())
		process_settle();
	return guard.state == GUARD_CALLING ? guard.thread : NULL;
}

static void put_within(struct thread *thread, struct vmatlas_region *region)
{
	guard_tracking();
	region->time = clock_ticks();
	region->thread = thread->id;
	region->call = VMATLAS_CALL_WITHIN;
	regions_put(region);
	guard_calling();
}

/* Records what `thread` (NULL: nobody that counts) has just mapped. */
static void mapped(struct thread *thread, void *start, size_t length, enum vmatlas_call call,
	const struct callstack_at *at)
{
	struct vmatlas_region region = {
		.start = (uintptr_t)start,
		.end = page_up((uintptr_t)start + length),
		.call = call,
	};

	if (thread) {
		guard_tracking();
		region.time = clock_ticks();
		region.thread = thread->id;
		region.frame = track_callstack(thread, at);
		regions_put(&region);
	} else if (within()) {
		put_within(within(), &region);
	}
	mappings_changed(region.start, region.end);
}

static void leave(const struct thread *thread)
{
	if (thread)
		guard_open();
}

/* The pieces of regions in the range, out of the table before another thread can map there. */
static void unmapping(
	const struct thread *thread, void *start, size_t length, struct regions_undo *undo)
{
	undo->count = 0;
	if (!thread)
		thread = within();
	if (!thread || !length || (uintptr_t)start % PAGE_BYTES)
		return; /* the kernel will refuse it */
	regions_cut((uintptr_t)start, page_up((uintptr_t)start + length), undo);
}

static void changed(void *start, size_t length)
{
	mappings_changed((uintptr_t)start, page_up((uintptr_t)start + length));
}

/* What stood there before the call is gone, also for the walk of call stacks. */
static void gone(struct thread *thread, void *start, size_t length)
{
	changed(start, length);
	if (!thread)
		return;
	guard_tracking();
	callstack_unmapped((uintptr_t)start, page_up((uintptr_t)start + length));
}

/* The pieces of regions that a call has taken. Another thread may have mapped there since: `time`
 * is from before. */
static void released(struct thread *thread, const struct callstack_at *at, uint64_t time,
	enum vmatlas_release call, const struct regions_undo *undo)
{
	struct history_release release = {thread, at, time, call};

	if (!thread || !history_on())
		return;
	guard_tracking();
	history_regions(&release, undo);
}

static uint64_t release_time(void)
{
	return history_on() ? clock_ticks() : 0;
}

static inline void *map(uintptr_t stack, const struct callstack_at *at, void *address,
	size_t length, int protection, int flags, int fd, off_t offset)
{
	struct thread *thread = wrap_enter(stack);
	void *start = REAL(mmap)(address, length, protection, flags, fd, offset);

	if (start != MAP_FAILED && flags & MAP_FIXED)
		gone(thread, start, length);
	if (start != MAP_FAILED)
		mapped(thread, start, length, VMATLAS_CALL_MMAP, at);
	leave(thread);
	return start;
}

WRAPPER void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	struct callstack_at at = CALLSTACK_HERE();

	return map(WRAP_STACK, &at, address, length, protection, flags, fd, offset);
}

WRAPPER void *mmap64(
	void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	struct callstack_at at = CALLSTACK_HERE();

	return map(WRAP_STACK, &at, address, length, protection, flags, fd, offset);
}

WRAPPER int munmap(void *address, size_t length)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	uint64_t time = release_time();
	struct regions_undo undo;
	int result;

	unmapping(thread, address, length, &undo);
	result = REAL(munmap)(address, length);
	if (result) {
		regions_put_back(&undo);
	} else {
		gone(thread, address, length);
		released(thread, &at, time, VMATLAS_RELEASE_MUNMAP, &undo);
	}
	leave(thread);
	return result;
}

WRAPPER void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	uint64_t time = release_time();
	struct regions_undo undo;
	void *wanted = NULL, *start;
	va_list list;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_start(list, flags);
		wanted = va_arg(list, void *);
		va_end(list);
	}
	unmapping(thread, address, old_length, &undo);
	start = REAL(mremap)(address, old_length, new_length, flags, wanted);
	if (start == MAP_FAILED || flags & MREMAP_DONTUNMAP)
		regions_put_back(&undo);
	else
		released(thread, &at, time, VMATLAS_RELEASE_MREMAP, &undo);
	if (start != MAP_FAILED) {
		gone(thread, address, old_length);
		mapped(thread, start, new_length, VMATLAS_CALL_MREMAP, &at);
	}
	leave(thread);
	return start;
}

WRAPPER int mprotect(void *address, size_t length, int protection)
{
	struct thread *thread = wrap_enter(WRAP_STACK);
	int result = REAL(mprotect)(address, length, protection);

	if (!result && protection & PROT_READ)
		changed(address, length);
	else if (!result)
		gone(thread, address, length);
	leave(thread);
	return result;
}

WRAPPER int pkey_mprotect(void *address, size_t length, int protection, int key)
{
	struct thread *thread = wrap_enter(WRAP_STACK);
	int result = REAL(pkey_mprotect)(address, length, protection, key);

	if (!result && protection & PROT_READ)
		changed(address, length);
	else if (!result)
		gone(thread, address, length);
	leave(thread);
	return result;
}

/* Some advice splits a mapping (MADV_DONTFORK, MADV_HUGEPAGE), some merges what was split. */
WRAPPER int madvise(void *address, size_t length, int advice)
{
	int result = REAL(madvise)(address, length, advice);

	if (!result)
		changed(address, length);
	return result;
}

/* -- brk ------------------------------------------------------------------------------------ */

static void broken(struct thread *thread, char *before, char *after, const struct callstack_at *at)
{
	struct regions_undo undo;

	if (after > before) {
		mapped(thread, before, (size_t)(after - before), VMATLAS_CALL_BRK, at);
	} else if (after < before) {
		unmapping(
			thread, (void *)page_up((uintptr_t)after), (size_t)(before - after), &undo);
		changed(after, (size_t)(before - after));
	}
}

WRAPPER int brk(void *address)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	char *before = REAL(sbrk)(0);
	int result = REAL(brk)(address);

	if (!result)
		broken(thread, before, address, &at);
	leave(thread);
	return result;
}

WRAPPER void *sbrk(intptr_t increment)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	char *before = REAL(sbrk)(increment);

	if (before != (void *)-1)
		broken(thread, before, before + increment, &at);
	leave(thread);
	return before;
}

/* -- System V shared memory ----------------------------------------------------------------- */

WRAPPER void *shmat(int id, const void *address, int flags)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	void *start = REAL(shmat)(id, address, flags);
	struct ask_answer answer;

	if (start != (void *)-1 && !ask_mapping((uintptr_t)start, &answer, NULL, 0))
		mapped(thread, start, answer.end - (uintptr_t)start, VMATLAS_CALL_SHMAT, &at);
	leave(thread);
	return start;
}

WRAPPER int shmdt(const void *address)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	struct vmatlas_region region;
	struct regions_undo undo = {.count = 0};
	uint64_t time = release_time();
	int result;

	if (thread && regions_find((uintptr_t)address, &region))
		regions_cut(region.start, region.end, &undo);
	result = REAL(shmdt)(address);
	if (result) {
		regions_put_back(&undo);
	} else {
		mappings_changed_all();
		released(thread, &at, time, VMATLAS_RELEASE_SHMDT, &undo);
	}
	leave(thread);
	return result;
}

/* The library's code is gone with what was learned of it. Its destructors are the program's: they
 * run outside the guard. */
WRAPPER int dlclose(void *handle)
{
	int result = REAL(dlclose)(handle);
	struct thread *thread = wrap_enter(WRAP_STACK);

	if (!result)
		mappings_changed_all();
	if (thread) {
		guard_tracking();
		callstack_forget(0, UINTPTR_MAX);
		guard_open();
	}
	return result;
}
