/* wrap_sleep.c - calls that sleep for a time, which a dump must make neither shorter nor longer.
 *
 * As in wrap_wait.c, a sleep that a handler of ours alone interrupted goes on. */
#include "interrupt.h"
#include "remaining.h"
#include "sys.h"
#include "wrap.h"

#include <errno.h>
#include <threads.h>

/* What was left, to where the program wants it; the kernel says EFAULT where that is no memory, and
 * is asked to by letting it write there first. */
static int tell_left(struct timespec *to, const struct timespec *rest)
{
	if (!to)
		return EINTR;
	if (sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)to, 0, 0, 0, 0))
		return EFAULT;
	*to = *rest;
	return EINTR;
}

/* Relative times of all clocks but those of processors pass as the monotonic one does, also when
 * somebody sets the clock (clock_nanosleep(2)). */
static bool passes_steadily(clockid_t clock)
{
	return clock >= 0 && clock != CLOCK_PROCESS_CPUTIME_ID;
}

/* A sleep that returns its errno. */
typedef int sleeper(
	clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left);

static int sleep_relative(sleeper *sleep_real, clockid_t clock, int flags,
	const struct timespec *wanted, struct timespec *left)
{
	struct timespec rest, next;
	uint64_t start = remaining_start();
	int error;

	interrupt_forget();
	error = sleep_real(clock, flags, wanted, &rest);
	while (interrupt_ours(error)) {
		next = rest;
		if (passes_steadily(clock))
			remaining_time(wanted, start, &next);
		error = sleep_real(clock, flags, &next, &rest);
	}
	return error == EINTR ? tell_left(left, &rest) : error;
}

static int sleep_until(
	clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
	int error;

	interrupt_forget();
	do
		error = REAL(clock_nanosleep)(clock, flags, until, left);
	while (interrupt_ours(error));
	return error;
}

WRAPPER int clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
	return flags & TIMER_ABSTIME
		       ? sleep_until(clock, flags, wanted, left)
		       : sleep_relative(REAL(clock_nanosleep), clock, flags, wanted, left);
}

/* As clock_nanosleep does, this returns what others leave in errno. */
static int real_nanosleep(
	clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
	int before = errno, error;

	(void)clock, (void)flags;
	if (!REAL(nanosleep)(wanted, left))
		return 0;
	error = errno;
	errno = before;
	return error;
}

WRAPPER int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	int error = sleep_relative(real_nanosleep, CLOCK_REALTIME, 0, wanted, left);

	if (!error)
		return 0;
	errno = error;
	return -1;
}

WRAPPER int usleep(useconds_t us)
{
	struct timespec wanted = {us / 1000000, (long)(us % 1000000) * 1000};

	return nanosleep(&wanted, NULL);
}

/* What is left is told in whole seconds, as glibc does. */
WRAPPER unsigned sleep(unsigned seconds)
{
	struct timespec wanted = {(time_t)seconds, 0}, left = {0, 0};

	return nanosleep(&wanted, &left) ? (unsigned)left.tv_sec : 0;
}

/* C11's: -1 where it was interrupted, any other negative number for what was refused. */
WRAPPER int thrd_sleep(const struct timespec *wanted, struct timespec *left)
{
	int error = sleep_relative(REAL(clock_nanosleep), CLOCK_REALTIME, 0, wanted, left);

	if (!error)
		return 0;
	return error == EINTR ? -1 : -2;
}
