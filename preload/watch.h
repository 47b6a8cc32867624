/* watch.h - whether a report is due that nobody has asked for at this moment.
 *
 * A timer of the kernel's (interval) looks here: are the seconds over, has RSS grown, is a control
 * group near its limit? The main path knows nothing of it. */
#ifndef VMATLAS_WATCH_H
#define VMATLAS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Begins with what is now. Start only. */
void watch_start(void);

/* How often is to be looked, in ms; 0: never. Anywhere. */
uint64_t watch_step_ms(void);

/* The reason for which a report is due now, NULL for none; what it is due for then counts from here
 * on. Anywhere; of several callers at once all but one find none. */
const char *watch_reason(void);

/* There is a report for the growth of live bytes: that of RSS counts from here on. Anywhere. */
void watch_grown(void);

/* malloc has failed: whether a report is due for that. A program that asks in a loop gets one in
 * ten seconds. Anywhere. */
bool watch_refused(void);

#endif
