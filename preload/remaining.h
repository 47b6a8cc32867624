/* remaining.h - what is left of the time that a wait was to take, when it is begun anew. */
#ifndef VMATLAS_REMAINING_H
#define VMATLAS_REMAINING_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* A moment to count from: nanoseconds of the monotonic clock, by which the kernel measures the
 * times of waits. Anywhere, as all of this file. */
uint64_t remaining_start(void);

/* Milliseconds that are left of timeout_ms, which began at `start`; rounded up, so that no wait is
 * shorter than asked for. Negative ones, which are for ever, stay. */
int remaining_ms(int timeout_ms, uint64_t start);

/* The same for a time that the kernel has accepted; NULL, which is for ever, stays. Returns `left`,
 * or `wanted` where that is so long that sums of it would overflow. */
const struct timespec *remaining_time(
	const struct timespec *wanted, uint64_t start, struct timespec *left);

/* The same for select(2): `wanted` is what was asked for, microseconds may be more than a second.
 * *left stays where the time is too long. */
void remaining_timeval(const struct timeval *wanted, uint64_t start, struct timeval *left);

#endif
