#include "lock.h"
#include "guard.h"
#include "sys.h"

/* Long against any critical section (a table of a million entries doubles in 10 ms), short against
 * a person's patience. */
#define LOCK_PATIENCE_NS 200000000u
/* A critical section is shorter than a trip through the scheduler: look this often before one. */
enum { LOCK_SPINS = 100, LOCK_LAST_TRIES = 1000, LOCKS_PAGE = 4096 };

static struct {
	/* Used until lock_boot has found a page, and where the kernel has no MADV_WIPEONFORK. */
	struct locks fallback;
	struct locks *locks;
} self = {.locks = &self.fallback};

/* Since glibc 2.32. Once false, it stays so for as long as there is another thread. */
extern char __libc_single_threaded __attribute__((weak));

extern void __tsan_ignore_thread_begin(void) __attribute__((weak));
extern void __tsan_ignore_thread_end(void) __attribute__((weak));

void lock_unwatched_begin(void)
{
	if (__tsan_ignore_thread_begin)
		__tsan_ignore_thread_begin();
}

void lock_unwatched_end(void)
{
	if (__tsan_ignore_thread_end)
		__tsan_ignore_thread_end();
}

struct locks *locks(void)
{
	return self.locks;
}

static inline bool attempt(struct lock *lock)
{
	uint32_t idle = 0;

	return atomic_load_explicit(&lock->taken, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong_explicit(
		       &lock->taken, &idle, 1, memory_order_acquire, memory_order_relaxed);
}

static bool attempt_often(struct lock *lock)
{
	for (int i = 0; i < LOCK_SPINS; i++) {
		if (attempt(lock))
			return true;
		sys_pause();
	}
	sys_yield();
	return false;
}

/* Once more behind the limit: the whole process may have been stopped (SIGSTOP) all that time, and
 * the holder with it. */
static bool attempt_long(struct lock *lock)
{
	uint64_t limit = sys_time_ns(CLOCK_MONOTONIC) + LOCK_PATIENCE_NS;

	do {
		if (attempt_often(lock))
			return true;
	} while (sys_time_ns(CLOCK_MONOTONIC) < limit);
	for (int i = 0; i < LOCK_LAST_TRIES; i++) {
		if (attempt_often(lock))
			return true;
	}
	return false;
}

/* Counted only once the signals are blocked: a handler that runs before has a calm of its own. */
void lock_calm_begin(struct calm *calm)
{
	calm->begun = true;
	calm->outermost = guard.calm == 0;
	if (calm->outermost)
		sys_signals_block(&calm->signals);
	guard.calm++;
}

void lock_calm_end(const struct calm *calm)
{
	if (!calm->begun)
		return;
	guard.calm--;
	if (calm->outermost)
		sys_signals_restore(&calm->signals);
}

bool lock_take(struct lock *lock, struct held *held)
{
	held->lock = lock;
	lock_calm_begin(&held->calm);
	if (attempt(lock) || attempt_long(lock)) {
		lock_unwatched_begin();
		return true;
	}
	lock_calm_end(&held->calm);
	return false;
}

static bool is_alone(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

bool lock_take_guarded(struct lock *lock, struct held *held)
{
	if (!is_alone())
		return lock_take(lock, held);
	held->lock = lock;
	held->calm.begun = false;
	atomic_store_explicit(&lock->taken, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	lock_unwatched_begin();
	return true;
}

void lock_release(const struct held *held)
{
	lock_unwatched_end();
	atomic_store_explicit(&held->lock->taken, 0, memory_order_release);
	lock_calm_end(&held->calm);
}

void lock_boot(void)
{
	struct locks *page = sys_mmap_anonymous(LOCKS_PAGE, PROT_READ | PROT_WRITE, 0);

	_Static_assert(sizeof(struct locks) <= LOCKS_PAGE, "the locks fit their page");
	if (!page)
		return;
	if (sys_madvise(page, LOCKS_PAGE, MADV_WIPEONFORK)) {
		sys_munmap(page, LOCKS_PAGE);
		return;
	}
	self.locks = page;
}
