/* interrupt.h - whether a wait of the program ended because of a handler of ours alone.
 *
 * The kernel ends some waits with EINTR after any handler, SA_RESTART or not (signal(7)), and some
 * transfers with as much as has been done. Where the
 * handler was ours, the program did not ask for it and must not see it; where one of its own ran
 * as well, it must. Handlers that block the dump signal say so themselves (relay in signals.c): a
 * dump that waited for their end comes just when the interrupted wait is about to return. */
#ifndef VMATLAS_INTERRUPT_H
#define VMATLAS_INTERRUPT_H

#include "guard.h"

/* To be called last in a handler of ours, with the context that it was given: notes whether the
 * thread was waiting, and no handler of the program's will run before the thread goes on. A signal
 * that comes in the microsecond between this and the handler's end goes unnoticed. */
void interrupt_note(const void *context);

/* A wait of this thread begins. Anywhere. */
static inline void interrupt_forget(void)
{
	guard.handled = false;
	guard.cut = 0;
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
