/* interrupt.h - whether a wait of the program ended because of a handler of ours alone.
 *
 * The kernel ends some waits with EINTR after any handler, SA_RESTART or not (signal(7)). Where the
 * handler was ours, the program did not ask for it and must not see it; where one of its own ran
 * as well, it must. Handlers that block the dump signal say so themselves (relay in signals.c): a
 * dump that waited for their end comes just when the interrupted wait is about to return. */
#ifndef VMATLAS_INTERRUPT_H
#define VMATLAS_INTERRUPT_H

#include <stdbool.h>

/* To be called last in a handler of ours, with the context that it was given: notes whether the
 * thread was waiting, and no handler of the program's will run before the thread goes on. A signal
 * that comes in the microsecond between this and the handler's end goes unnoticed. */
void interrupt_note(const void *context);

/* A wait of this thread begins. Anywhere. */
void interrupt_forget(void);

/* Whether the wait that just failed with `error` did so because of us alone; forgets it. Anywhere.
 */
bool interrupt_ours(int error);

#endif
