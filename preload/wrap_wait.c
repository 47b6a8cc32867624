/* wrap_wait.c - calls that wait, and come back with EINTR from any handler, SA_RESTART or not
 * (signal(7)).
 *
 * Where the handler was ours, the program has not asked for it and must not see it: the call goes on
 * for the time that is left. A handler of the program's that ran during the very same wait as a
 * dump goes unnoticed then; that is a matter of microseconds. */
#include "sys.h"
#include "wrap.h"

#include <errno.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, US_PER_S = 1000000 };

/* Whether a call that failed was interrupted by a dump since `*dumps` was read. */
static bool by_us(uint32_t *dumps, int error)
{
	uint32_t before = *dumps;

	*dumps = guard.dumps;
	return error == EINTR && before != *dumps;
}

/* A call that succeeds in the end leaves errno as it was, also when it was interrupted before. */
static void settle_errno(int before, bool failed)
{
	if (!failed)
		errno = before;
}

/* Does it again as long as it was a dump that interrupted it. */
#define WAIT(type, call)                                                                           \
	__extension__({                                                                            \
		uint32_t dumps = guard.dumps;                                                      \
		int error = errno;                                                                 \
		type result;                                                                       \
                                                                                                   \
		do                                                                                 \
			result = (call);                                                           \
		while (result == -1 && by_us(&dumps, errno));                                      \
		settle_errno(error, result == -1);                                                 \
		result;                                                                            \
	})

/* -- Time that is left ---------------------------------------------------------------------- */

static uint64_t monotonic(void)
{
	return sys_time_ns(CLOCK_MONOTONIC);
}

/* When a wait of so many milliseconds ends; 0 for never, which no clock shows. */
static uint64_t end_of_ms(int timeout_ms)
{
	return timeout_ms > 0 ? monotonic() + (uint64_t)timeout_ms * NS_PER_MS : 0;
}

/* Rounded up, so that no wait is shorter than asked for. */
static int ms_until(uint64_t end, int timeout_ms)
{
	uint64_t now;

	if (!end)
		return timeout_ms;
	now = monotonic();
	return now < end ? (int)((end - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

struct deadline {
	bool set;
	uint64_t end;
	struct timespec left;
};

/* Negative or absurd times are the kernel's to refuse. */
static struct deadline deadline_of(const struct timespec *wanted)
{
	struct deadline deadline = {.set = wanted && wanted->tv_sec >= 0 &&
					   wanted->tv_sec < (time_t)1 << 32 &&
					   wanted->tv_nsec >= 0 && wanted->tv_nsec < NS_PER_S};

	if (deadline.set)
		deadline.end = monotonic() + (uint64_t)wanted->tv_sec * NS_PER_S +
			       (uint64_t)wanted->tv_nsec;
	return deadline;
}

static const struct timespec *time_left(struct deadline *deadline, const struct timespec *wanted)
{
	uint64_t now, left;

	if (!deadline->set)
		return wanted;
	now = monotonic();
	left = now < deadline->end ? deadline->end - now : 0;
	deadline->left = (struct timespec){(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
	return &deadline->left;
}

/* As WAIT, for calls with a timespec: the first with what was given, the others with what is left. */
#define WAIT_UNTIL(type, wanted, call)                                                             \
	__extension__({                                                                            \
		struct deadline deadline = deadline_of(wanted);                                    \
		const struct timespec *left = (wanted);                                            \
		uint32_t dumps = guard.dumps;                                                      \
		int error = errno;                                                                 \
		type result;                                                                       \
                                                                                                   \
		while ((result = (call)) == -1 && by_us(&dumps, errno))                            \
			left = time_left(&deadline, wanted);                                       \
		settle_errno(error, result == -1);                                                 \
		result;                                                                            \
	})

/* -- Sleeping ------------------------------------------------------------------------------- */

WRAPPER int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	struct timespec rest, next;
	uint32_t dumps = guard.dumps;
	int before = errno, result = REAL(nanosleep)(wanted, &rest);

	while (result && by_us(&dumps, errno)) {
		next = rest;
		result = REAL(nanosleep)(&next, &rest);
	}
	if (result && errno == EINTR && left)
		*left = rest;
	settle_errno(before, result != 0);
	return result;
}

WRAPPER int clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left)
{
	struct timespec rest, next;
	uint32_t dumps = guard.dumps;
	int error = REAL(clock_nanosleep)(clock, flags, wanted, &rest);

	while (by_us(&dumps, error)) {
		if (!(flags & TIMER_ABSTIME))
			next = rest;
		error = REAL(clock_nanosleep)(
			clock, flags, flags & TIMER_ABSTIME ? wanted : &next, &rest);
	}
	if (error == EINTR && left && !(flags & TIMER_ABSTIME))
		*left = rest;
	return error;
}

WRAPPER int usleep(useconds_t us)
{
	struct timespec wanted = {us / US_PER_S, (long)(us % US_PER_S) * 1000};

	return nanosleep(&wanted, NULL);
}

/* What is left is told in whole seconds, as glibc does, and errno stays on success. */
WRAPPER unsigned sleep(unsigned seconds)
{
	struct timespec wanted = {(time_t)seconds, 0}, left = {0, 0};
	int error = errno;

	if (nanosleep(&wanted, &left))
		return (unsigned)left.tv_sec;
	errno = error;
	return 0;
}

/* -- Signals -------------------------------------------------------------------------------- */

WRAPPER int pause(void)
{
	return WAIT(int, REAL(pause)());
}

WRAPPER int sigsuspend(const sigset_t *mask)
{
	return WAIT(int, REAL(sigsuspend)(mask));
}

WRAPPER int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return WAIT(int, REAL(sigwaitinfo)(set, info));
}

WRAPPER int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *wanted)
{
	return WAIT_UNTIL(int, wanted, REAL(sigtimedwait)(set, info, left));
}

/* -- Descriptors ---------------------------------------------------------------------------- */

WRAPPER int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	uint64_t end = end_of_ms(timeout_ms);

	return WAIT(int, REAL(poll)(fds, count, ms_until(end, timeout_ms)));
}

WRAPPER int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
	uint64_t end = end_of_ms(timeout_ms);

	return WAIT(int, REAL(__poll_chk)(fds, count, ms_until(end, timeout_ms), size));
}

WRAPPER int ppoll(
	struct pollfd *fds, nfds_t count, const struct timespec *wanted, const sigset_t *mask)
{
	return WAIT_UNTIL(int, wanted, REAL(ppoll)(fds, count, left, mask));
}

WRAPPER int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *wanted,
	const sigset_t *mask, size_t size)
{
	return WAIT_UNTIL(int, wanted, REAL(__ppoll_chk)(fds, count, left, mask, size));
}

/* Linux writes what is left of the time back, and leaves the sets alone, when it is interrupted
 * (select(2)). */
WRAPPER int select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
	struct timeval *wanted)
{
	return WAIT(int, REAL(select)(count, readable, writable, exceptional, wanted));
}

WRAPPER int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
	const struct timespec *wanted, const sigset_t *mask)
{
	return WAIT_UNTIL(
		int, wanted, REAL(pselect)(count, readable, writable, exceptional, left, mask));
}

WRAPPER int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	uint64_t end = end_of_ms(timeout_ms);

	return WAIT(int, REAL(epoll_wait)(epoll, events, most, ms_until(end, timeout_ms)));
}

WRAPPER int epoll_pwait(
	int epoll, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
	uint64_t end = end_of_ms(timeout_ms);

	return WAIT(int, REAL(epoll_pwait)(epoll, events, most, ms_until(end, timeout_ms), mask));
}

/* -- Semaphores and queues ------------------------------------------------------------------ */

WRAPPER int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
	return WAIT(int, REAL(sem_timedwait)(semaphore, until));
}

WRAPPER int semop(int id, struct sembuf *operations, size_t count)
{
	return WAIT(int, REAL(semop)(id, operations, count));
}

WRAPPER int semtimedop(
	int id, struct sembuf *operations, size_t count, const struct timespec *wanted)
{
	return WAIT_UNTIL(int, wanted, REAL(semtimedop)(id, operations, count, left));
}

WRAPPER int msgsnd(int id, const void *message, size_t size, int flags)
{
	return WAIT(int, REAL(msgsnd)(id, message, size, flags));
}

WRAPPER ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
	return WAIT(ssize_t, REAL(msgrcv)(id, message, size, type, flags));
}
