/* lock.h - short locks that are never waited for without end.
 *
 * A lock guards the writers of one table for a few hundred instructions. It can still be found
 * taken for ever: its owner was forked away, or left by longjmp from a signal handler. So taking
 * one gives up after LOCK_PATIENCE_NS, and the caller counts what it could not record and goes
 * on. The locks stand in a page that the kernel clears in the child of every fork, raw clone
 * included (MADV_WIPEONFORK, Linux 4.14), so a child never inherits one that is taken; every table
 * is readable after each single step of its writers. Readers take no lock at all. */
#ifndef VMATLAS_LOCK_H
#define VMATLAS_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
	_Atomic uint32_t taken;
};

/* One per table that has writers. Where two are held, they are taken in this order. */
struct locks {
	/* Non-zero in the process that set it, zero in a forked child. Each allocation reads it, so
	 * it has a line of the cache to itself, which no lock that is taken takes away. */
	_Alignas(64) _Atomic uint32_t mark;
	/* The dump at work: 0 none, 1 one, 2 one and a request for another. */
	_Alignas(64) _Atomic uint32_t dumping;
	struct lock unwinder, regions, threads, frames, origins, moments, births, modules, strings,
		layouts, leaves, bigs, phases, pages;
};

/* What must be put back at the end of a calm. */
struct calm {
	uint64_t signals;
	bool begun, outermost;
};

/* A held lock. */
struct held {
	struct lock *lock;
	struct calm calm;
};

/* The page with the locks. Never NULL. */
struct locks *locks(void);

/* Between these two no signal reaches this thread. They nest, and only the outermost costs system
 * calls: around several locks, it spares each of them its own two. Anywhere. */
void lock_calm_begin(struct calm *calm);
void lock_calm_end(const struct calm *calm);

/* Takes it with all signals blocked; false (nothing held, signals as before) when it could not be
 * had in time. Under the guard. */
bool lock_take(struct lock *lock, struct held *held);

/* The same for a lock that is taken under the guard only. As long as the process has one thread, no
 * signal is blocked for it, which saves two system calls: no handler can want it, and one that is
 * found taken was left by a handler's longjmp. */
bool lock_take_guarded(struct lock *lock, struct held *held);

void lock_release(const struct held *held);

/* Where the program carries ThreadSanitizer, its interceptors see our memcpy and know nothing of
 * our locks: between these two it looks away. Under a lock it does anyway. Anywhere. */
void lock_unwatched_begin(void);
void lock_unwatched_end(void);

/* Start only: moves the locks into a page of the kind described above. */
void lock_boot(void);

#endif
