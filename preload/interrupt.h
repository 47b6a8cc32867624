/* interrupt.h - whether a wait of the program ended because of a handler of ours alone.
 *
 * The kernel ends some waits with EINTR after any handler, SA_RESTART or not (signal(7)), and some
 * transfers with as much as has been done. Where the
 * handler was ours, the program did not ask for it and must not see it; where one of its own ran
 * as well, it must. The program's handlers say so themselves (relay in signals.c): a dump comes
 * where it likes, also just when the wait that they have interrupted is about to return.
 *
 * And the kernel ends waits in which no handler ran: it wakes a thread for a signal to the process,
 * another thread on its way out of the kernel takes the signal first, and some waits (semop,
 * epoll_wait, sockets with a time limit) have given up by then. So all dumps are counted. */
#ifndef VMATLAS_INTERRUPT_H
#define VMATLAS_INTERRUPT_H

#include "guard.h"

#include <stdatomic.h>

/* How many handlers of ours have begun, in all threads. Relaxed: a thread that was woken for a
 * signal which another took waits a little for the number to change, and nothing else that the
 * handler there writes is of interest. */
extern _Atomic uint32_t interrupt_begun __attribute__((visibility("hidden")));

/* To be called first in a handler of ours. */
void interrupt_begin(void);

/* To be called last in a handler of ours, with the context that it was given: notes whether the
 * thread was waiting, and no handler of the program's will run before the thread goes on. A signal
 * that comes in the microsecond between this and the handler's end goes unnoticed. */
void interrupt_note(const void *context);

/* A wait of this thread begins. Anywhere. */
static inline void interrupt_forget(void)
{
	guard.handled = false;
	guard.cut = 0;
	guard.begun = atomic_load_explicit(&interrupt_begun, memory_order_relaxed);
}

/* Whether the wait that just failed with `error` did so because of us alone; forgets it. Anywhere.
 */
bool interrupt_ours(int error);

/* Whether a handler of ours may have cut something since interrupt_forget: a quick no. Anywhere. */
static inline bool interrupt_seen(void)
{
	return __builtin_expect(guard.cut != 0, 0);
}

/* The same as interrupt_ours for a transfer that gave so much, and less than was wanted. One that
 * came to its end for another reason in the very moment of a dump looks the same: to be asked only
 * where trying again does no harm. */
bool interrupt_cut(long result);

#endif
