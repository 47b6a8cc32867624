/* interval.h - a moment every so often in which to look (watch), without a thread of our own. */
#ifndef VMATLAS_INTERVAL_H
#define VMATLAS_INTERVAL_H

#include <signal.h>
#include <stdbool.h>

/* Starts a timer of the kernel's that sends us a signal of ours, and another one when the program
 * takes that for itself; a forked child has none. Nothing happens where there is nothing to look
 * for or no signal is armed. Start only. */
void interval_start(void);

/* Whether the timer runs. Anywhere. */
bool interval_runs(void);

/* Whether our timer sent the signal. Anywhere. */
bool interval_sent(const siginfo_t *info);

#endif
