/* stacks.h - how far the stack reaches that a pointer lies in.
 *
 * A walk reads nothing beyond it. A thread runs on few stacks: its own, an alternate one for
 * signals, coroutines'. Each is asked for once, from the kernel, which knows them all;
 * pthread_getattr_np allocates and takes the thread's own lock. */
#ifndef VMATLAS_STACKS_H
#define VMATLAS_STACKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { STACKS_KNOWN = 4 };

struct stacks_bounds {
	uintptr_t low, high; /* addresses in [low, high) can be read */
};

/* One thread's; all zeros is a good start. */
struct stacks {
	struct stacks_bounds current;
	struct stacks_bounds own; /* where the thread was born: it lasts as long as the thread */
	struct stacks_bounds known[STACKS_KNOWN];
	uint32_t next;       /* of `known`, to be replaced */
	uint32_t generation; /* of the address space, when these were learned */
};

static inline bool stacks_hold(const struct stacks_bounds *bounds, uintptr_t sp)
{
	return sp - bounds->low < bounds->high - bounds->low;
}

/* Whether all from the address to the stack's end can be read. What lies below the main thread's
 * stack can, as far as RLIMIT_STACK allows: then the stack grows (before Linux 5.0, 64 KiB below
 * rsp at most). */
bool stacks_reach(const struct stacks_bounds *bounds, uintptr_t address);

/* Makes `current` the stack that holds sp, from what is known or from the kernel; just the page of
 * sp where the kernel cannot be asked. False where there is none: then `current` holds no word.
 * `aside`: whether this runs on the private stack already. Under the guard; may take a lock. */
bool stacks_choose(struct stacks *stacks, uintptr_t sp, bool aside);

/* Learns what stacks_reach needs. Start only. */
void stacks_boot(void);

/* Address space was unmapped or protected: bounds are asked for again. Anywhere. */
void stacks_forget(void);

/* Changes with stacks_forget. */
extern _Atomic uint32_t stacks_generation __attribute__((visibility("hidden")));

#endif
