/* guard.h - whether this thread is inside vmatlas already.
 *
 * Closed around the real call and the record of it, so that what an allocator or we ourselves
 * call in turn is not taken for the program's. A handler that leaves a closed guard for good, by
 * longjmp or to another context, opens it (wrap_jump.c). One that leaves in a way that nobody tells
 * us of, as by an exception, leaves it closed; so it remembers the stack it was closed on, and a
 * caller further out on the same stack knows that nobody is inside any more. */
#ifndef VMATLAS_GUARD_H
#define VMATLAS_GUARD_H

#include "ground.h"

#include <stdbool.h>
#include <stdint.h>

struct thread;

enum guard_state {
	GUARD_OPEN,
	GUARD_CALLING,  /* in the real function: what it calls is its own business */
	GUARD_TRACKING, /* in our tables: who calls now is a signal handler that interrupted them */
};

struct guard {
	struct thread *thread; /* NULL: not attached yet */
	uint32_t state;        /* enum guard_state */
	uint32_t calm; /* how many of lock.h's calms have begun: signals are blocked by us */
	/* One of the program's handlers has run since a wait of its began; how many of ours had
	 * begun by then, in all threads; and what the kernel's call gave back that one of ours
	 * ended, 0 for none: see interrupt.h. */
	bool handled;
	uint32_t begun;
	long cut;
	uintptr_t stack; /* where it was closed */
	struct ground ground;
};

/* Initial-exec: reading it is one instruction and allocates nothing. */
extern __thread struct guard guard __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Whether the frame that closed it is gone, as one further out, at `stack`, calls. A handler that
 * runs on the alternate stack is not further out, wherever that stack lies. Anywhere. */
bool guard_left(uintptr_t stack);

/* Whether the caller, whose frame is at `stack`, came from inside. */
static inline bool guard_closed(uintptr_t stack)
{
	return __builtin_expect(guard.state != GUARD_OPEN, 0) && !guard_left(stack);
}

static inline void guard_close(uintptr_t stack)
{
	guard.stack = stack;
	guard.state = GUARD_CALLING;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void guard_tracking(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	guard.state = GUARD_TRACKING;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Back into the real function. */
static inline void guard_calling(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	guard.state = GUARD_CALLING;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void guard_open(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	guard.state = GUARD_OPEN;
}

/* The caller, whose frame is at `stack`, goes on with another frame at `target` (0: nobody knows
 * where) and leaves all in between for good: opens the guard if the frame that closed it is among
 * them. Anywhere. */
void guard_jump(uintptr_t stack, uintptr_t target);

/* This stack is left, perhaps to be gone on with later, perhaps by another thread: opens the guard
 * and remembers it for guard_resume. Anywhere. */
struct guard_kept {
	uint32_t state;
	uintptr_t stack;
};
struct guard_kept guard_suspend(void);
void guard_resume(const struct guard_kept *kept);

#endif
