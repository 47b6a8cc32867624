/* wrap_wait.c - calls that wait, and come back with EINTR from any handler, SA_RESTART or not
 * (signal(7)).
 *
 * Where the handler was ours alone (interrupt.h), the call goes on until the time that it would
 * have ended. What is given is the kernel's to refuse: it is read here only once a first try has
 * shown that it can be. */
#include "interrupt.h"
#include "remaining.h"
#include "wrap.h"

#include <errno.h>

/* Whether a call that failed is to be made again. A call that succeeds in the end leaves errno as
 * it was before, unless a handler of the program's has set it. */
static bool again(int error_before)
{
	if (!interrupt_ours(errno))
		return false;
	errno = error_before;
	return true;
}

/* Does it again as long as it was a dump that interrupted it, each time after `prepare`. */
#define WAIT_AGAIN(type, call, prepare)                         \
	__extension__({                                         \
		int error = errno;                              \
		type result;                                    \
                                                                \
		interrupt_forget();                             \
		while ((result = (call)) == -1 && again(error)) \
			prepare;                                \
		result;                                         \
	})
#define WAIT(type, call) WAIT_AGAIN(type, call, (void)0)

/* For calls with a time: first with what was given as `left`, later with what is left of it. */
#define WAIT_FOR(type, wanted, call)                                                 \
	__extension__({                                                              \
		const struct timespec *left = (wanted);                              \
		uint64_t start = left ? remaining_start() : 0;                       \
		struct timespec rest;                                                \
                                                                                     \
		WAIT_AGAIN(type, call, left = remaining_time(wanted, start, &rest)); \
	})
#define WAIT_MS(type, timeout_ms, call)                                         \
	__extension__({                                                         \
		int left = (timeout_ms);                                        \
		uint64_t start = left > 0 ? remaining_start() : 0;              \
                                                                                \
		WAIT_AGAIN(type, call, left = remaining_ms(timeout_ms, start)); \
	})

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
	return WAIT_FOR(int, wanted, REAL(sigtimedwait)(set, info, left));
}

/* Since glibc 2.26, signal.h has sigpause as one of these. */
WRAPPER int __xpg_sigpause(int signal)
{
	return WAIT(int, REAL(__xpg_sigpause)(signal));
}

WRAPPER int __sigpause(int signal_or_mask, int is_signal)
{
	return WAIT(int, REAL(__sigpause)(signal_or_mask, is_signal));
}

/* -- Descriptors ---------------------------------------------------------------------------- */

WRAPPER int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return WAIT_MS(int, timeout_ms, REAL(poll)(fds, count, left));
}

WRAPPER int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
	return WAIT_MS(int, timeout_ms, REAL(__poll_chk)(fds, count, left, size));
}

WRAPPER int ppoll(
	struct pollfd *fds, nfds_t count, const struct timespec *wanted, const sigset_t *mask)
{
	return WAIT_FOR(int, wanted, REAL(ppoll)(fds, count, left, mask));
}

WRAPPER int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *wanted,
	const sigset_t *mask, size_t size)
{
	return WAIT_FOR(int, wanted, REAL(__ppoll_chk)(fds, count, left, mask, size));
}

/* Linux writes what is left of the time back, and leaves the sets alone, when it is interrupted
 * (select(2)). */
WRAPPER int select(
	int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *left)
{
	struct timeval wanted = left ? *left : (struct timeval){0, 0};
	uint64_t start = left ? remaining_start() : 0;

	return WAIT_AGAIN(int, REAL(select)(count, readable, writable, exceptional, left),
		left ? remaining_timeval(&wanted, start, left) : (void)0);
}

WRAPPER int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
	const struct timespec *wanted, const sigset_t *mask)
{
	return WAIT_FOR(
		int, wanted, REAL(pselect)(count, readable, writable, exceptional, left, mask));
}

WRAPPER int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	return WAIT_MS(int, timeout_ms, REAL(epoll_wait)(epoll, events, most, left));
}

WRAPPER int epoll_pwait(
	int epoll, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
	return WAIT_MS(int, timeout_ms, REAL(epoll_pwait)(epoll, events, most, left, mask));
}

WRAPPER int epoll_pwait2(int epoll, struct epoll_event *events, int most,
	const struct timespec *wanted, const sigset_t *mask)
{
	return WAIT_FOR(int, wanted, REAL(epoll_pwait2)(epoll, events, most, left, mask));
}

/* -- Semaphores and queues ------------------------------------------------------------------ */

WRAPPER int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
	return WAIT(int, REAL(sem_timedwait)(semaphore, until));
}

WRAPPER int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
	return WAIT(int, REAL(sem_clockwait)(semaphore, clock, until));
}

WRAPPER int semop(int id, struct sembuf *operations, size_t count)
{
	return WAIT(int, REAL(semop)(id, operations, count));
}

WRAPPER int semtimedop(
	int id, struct sembuf *operations, size_t count, const struct timespec *wanted)
{
	return WAIT_FOR(int, wanted, REAL(semtimedop)(id, operations, count, left));
}

WRAPPER int msgsnd(int id, const void *message, size_t size, int flags)
{
	return WAIT(int, REAL(msgsnd)(id, message, size, flags));
}

WRAPPER ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
	return WAIT(ssize_t, REAL(msgrcv)(id, message, size, type, flags));
}

/* -- Requests at work ----------------------------------------------------------------------- */

WRAPPER int aio_suspend(
	const struct aiocb *const requests[], int count, const struct timespec *wanted)
{
	return WAIT_FOR(int, wanted, REAL(aio_suspend)(requests, count, left));
}

WRAPPER int aio_suspend64(
	const struct aiocb64 *const requests[], int count, const struct timespec *wanted)
{
	return WAIT_FOR(int, wanted, REAL(aio_suspend64)(requests, count, left));
}

WRAPPER int gai_suspend(
	const struct gaicb *const requests[], int count, const struct timespec *wanted)
{
	const struct timespec *left = wanted;
	uint64_t start = left ? remaining_start() : 0;
	struct timespec rest;
	int error;

	interrupt_forget();
	while ((error = REAL(gai_suspend)(requests, count, left)) == EAI_INTR &&
		interrupt_ours(EINTR))
		left = remaining_time(wanted, start, &rest);
	return error;
}

/* -- Room in files ---------------------------------------------------------------------------- */

/* Memory file systems begin anew after any handler (shmem_fallocate in mm/shmem.c). */
WRAPPER int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return WAIT(int, REAL(fallocate)(fd, mode, offset, length));
}

WRAPPER int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
	return WAIT(int, REAL(fallocate64)(fd, mode, offset, length));
}

/* These return their error. */
WRAPPER int posix_fallocate(int fd, off_t offset, off_t length)
{
	int error;

	interrupt_forget();
	do
		error = REAL(posix_fallocate)(fd, offset, length);
	while (interrupt_ours(error));
	return error;
}

WRAPPER int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
	int error;

	interrupt_forget();
	do
		error = REAL(posix_fallocate64)(fd, offset, length);
	while (interrupt_ours(error));
	return error;
}
