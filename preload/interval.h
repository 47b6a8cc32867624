/* interval.h - a report every so many seconds, without a thread of our own. */
#ifndef VMATLAS_INTERVAL_H
#define VMATLAS_INTERVAL_H

#include <signal.h>
#include <stdbool.h>

/* Starts a timer of the kernel's that sends us a signal of ours, and another one when the program
 * takes that for itself; a forked child has none. Nothing happens where the interval is 0 or no
 * signal is armed. Start only. */
void interval_start(void);

/* Whether our timer sent the signal. Anywhere. */
bool interval_sent(const siginfo_t *info);

#endif
