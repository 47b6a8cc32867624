/* waits.h - calls of libc that wait and come back with EINTR when a handler has run. */
#ifndef WAITS_H
#define WAITS_H

#include <limits.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

#include "tell.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What <bits/poll2.h> calls where the size of the array is known. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask, size_t size);

struct message {
	long type;
	char text[64];
};

/* What is waited for: nothing is in them until somebody wakes us. */
static struct {
	int pipe[2], epoll, semaphores, inbox, full;
	sem_t semaphore;
	sigset_t queued, none;
} things;

static inline void waits_prepare(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct message message = {.type = 1};

	if (pipe(things.pipe))
		exit(99);
	things.epoll = epoll_create1(0);
	epoll_ctl(things.epoll, EPOLL_CTL_ADD, things.pipe[0], &event);
	things.semaphores = semget(IPC_PRIVATE, 2, 0600);
	things.inbox = msgget(IPC_PRIVATE, 0600);
	things.full = msgget(IPC_PRIVATE, 0600);
	while (!msgsnd(things.full, &message, sizeof(message.text), IPC_NOWAIT))
		;
	sem_init(&things.semaphore, 0, 0);
	sigemptyset(&things.none);
	sigemptyset(&things.queued);
	sigaddset(&things.queued, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &things.queued, NULL);
}

static inline void waits_remove(void)
{
	semctl(things.semaphores, 0, IPC_RMID);
	msgctl(things.inbox, IPC_RMID, NULL);
	msgctl(things.full, IPC_RMID, NULL);
}

/* The time that so many ms are; a negative number is an age, which nobody here waits for. */
static inline struct timespec span(long ms)
{
	if (ms < 0)
		ms = 3600 * 1000;
	return (struct timespec){ms / 1000, ms % 1000 * 1000000};
}

static inline struct timespec span_from_now(clockid_t clock, long ms)
{
	struct timespec now, more = span(ms);

	clock_gettime(clock, &now);
	now.tv_sec += more.tv_sec + (now.tv_nsec + more.tv_nsec) / 1000000000;
	now.tv_nsec = (now.tv_nsec + more.tv_nsec) % 1000000000;
	return now;
}

static inline long since_ms(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* -- The calls, each for so many ms, or for ever if that is negative ------------------------- */

static inline long wait_nanosleep(long ms)
{
	struct timespec wanted = span(ms);

	return nanosleep(&wanted, NULL);
}

/* These return what others put into errno, which they leave alone. */
static inline long as_errno(int error)
{
	if (!error)
		return 0;
	errno = error;
	return -1;
}

static inline long wait_clock(long ms)
{
	struct timespec wanted = span(ms);

	return as_errno(clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, NULL));
}

static inline long wait_clock_until(long ms)
{
	struct timespec until = span_from_now(CLOCK_REALTIME, ms);

	return as_errno(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
}

static inline long wait_thrd(long ms)
{
	struct timespec wanted = span(ms);

	return thrd_sleep(&wanted, NULL);
}

static inline long wait_usleep(long ms)
{
	return usleep(ms < 0 ? 3600u * 1000000u : (useconds_t)ms * 1000);
}

/* Whole seconds only, and it says what is left of them. */
static inline long wait_sleep(long ms)
{
	return sleep(ms < 0 ? 3600 : (unsigned)(ms + 999) / 1000) ? -1 : 0;
}

static inline long wait_pause(long ms)
{
	(void)ms;
	return pause();
}

static inline long wait_sigsuspend(long ms)
{
	(void)ms;
	return sigsuspend(&things.queued);
}

static inline long wait_sigwaitinfo(long ms)
{
	siginfo_t info = {0};
	int signal = sigwaitinfo(&things.queued, &info);

	(void)ms;
	return signal < 0 ? signal : signal - SIGRTMIN + info.si_value.sival_int;
}

static inline long wait_sigtimedwait(long ms)
{
	struct timespec wanted = span(ms);
	int signal = sigtimedwait(&things.queued, NULL, &wanted);

	return signal < 0 ? signal : signal - SIGRTMIN;
}

/* Takes what is there, and keeps the result of the wait. */
static inline long drained(long result)
{
	char byte;

	if (result > 0 && read(things.pipe[0], &byte, 1) != 1)
		return -2;
	return result;
}

static inline long wait_poll(long ms)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};

	return drained(poll(&fd, 1, (int)ms));
}

static inline long wait_poll_chk(long ms)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};

	return drained(__poll_chk(&fd, 1, (int)ms, sizeof(fd)));
}

static inline long wait_ppoll(long ms)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};
	struct timespec wanted = span(ms);

	return drained(ppoll(&fd, 1, ms < 0 ? NULL : &wanted, NULL));
}

static inline long wait_ppoll_chk(long ms)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};
	struct timespec wanted = span(ms);

	return drained(__ppoll_chk(&fd, 1, &wanted, &things.queued, sizeof(fd)));
}

static inline long wait_select(long ms)
{
	struct timespec wanted = span(ms);
	struct timeval left = {wanted.tv_sec, wanted.tv_nsec / 1000};
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(things.pipe[0], &readable);
	return drained(select(things.pipe[0] + 1, &readable, NULL, NULL, ms < 0 ? NULL : &left));
}

static inline long wait_pselect(long ms)
{
	struct timespec wanted = span(ms);
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(things.pipe[0], &readable);
	return drained(pselect(things.pipe[0] + 1, &readable, NULL, NULL, &wanted,
		ms < 0 ? NULL : &things.queued));
}

static inline long wait_epoll(long ms)
{
	struct epoll_event event;

	return drained(epoll_wait(things.epoll, &event, 1, (int)ms));
}

static inline long wait_epoll_mask(long ms)
{
	struct epoll_event event;

	return drained(epoll_pwait(things.epoll, &event, 1, (int)ms, &things.queued));
}

static inline long wait_sem(long ms)
{
	struct timespec until = span_from_now(CLOCK_REALTIME, ms);

	return sem_timedwait(&things.semaphore, &until);
}

static inline long wait_semop(long ms)
{
	struct sembuf take = {.sem_op = -1};

	(void)ms;
	return semop(things.semaphores, &take, 1);
}

static inline long wait_semtimedop(long ms)
{
	struct sembuf take = {.sem_op = -1};
	struct timespec wanted = span(ms);

	return semtimedop(things.semaphores, &take, 1, ms < 0 ? NULL : &wanted);
}

static inline long wait_msgsnd(long ms)
{
	struct message message = {.type = 1};

	(void)ms;
	return msgsnd(things.full, &message, sizeof(message.text), 0);
}

static inline long wait_msgrcv(long ms)
{
	struct message message;

	(void)ms;
	return msgrcv(things.inbox, &message, sizeof(message.text), 0, 0);
}

/* -- What ends them ------------------------------------------------------------------------- */

static inline void wake_pipe(void)
{
	if (write(things.pipe[1], "x", 1) != 1)
		exit(98);
}

static inline void wake_signal(void)
{
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 100});
}

static inline void wake_sem(void)
{
	sem_post(&things.semaphore);
}

static inline void wake_semop(void)
{
	struct sembuf give = {.sem_op = 1};

	semop(things.semaphores, &give, 1);
}

static inline void wake_msgsnd(void)
{
	struct message message;

	msgrcv(things.full, &message, sizeof(message.text), 0, 0);
}

static inline void wake_msgrcv(void)
{
	struct message message = {.type = 7};

	msgsnd(things.inbox, &message, 10, 0);
}

static const struct wait {
	const char *name;
	long (*call)(long ms);
	void (*wake)(void); /* NULL: only time or a handler ends it */
	bool for_ever;      /* it takes no time */
} waits[] = {
	{"nanosleep", wait_nanosleep, NULL, false},
	{"clock_nanosleep", wait_clock, NULL, false},
	{"clock_nanosleep until", wait_clock_until, NULL, false},
	{"thrd_sleep", wait_thrd, NULL, false},
	{"usleep", wait_usleep, NULL, false},
	{"sleep", wait_sleep, NULL, false},
	{"pause", wait_pause, NULL, true},
	{"sigsuspend", wait_sigsuspend, NULL, true},
	{"sigwaitinfo", wait_sigwaitinfo, wake_signal, true},
	{"sigtimedwait", wait_sigtimedwait, wake_signal, false},
	{"poll", wait_poll, wake_pipe, false},
	{"__poll_chk", wait_poll_chk, wake_pipe, false},
	{"ppoll", wait_ppoll, wake_pipe, false},
	{"__ppoll_chk", wait_ppoll_chk, wake_pipe, false},
	{"select", wait_select, wake_pipe, false},
	{"pselect", wait_pselect, wake_pipe, false},
	{"epoll_wait", wait_epoll, wake_pipe, false},
	{"epoll_pwait", wait_epoll_mask, wake_pipe, false},
	{"sem_timedwait", wait_sem, wake_sem, false},
	{"semop", wait_semop, wake_semop, true},
	{"semtimedop", wait_semtimedop, wake_semop, false},
	{"msgsnd", wait_msgsnd, wake_msgsnd, true},
	{"msgrcv", wait_msgrcv, wake_msgrcv, true},
};

/* -- The program's own handler -------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static inline void waits_handle(int signal)
{
	(void)signal;
	if (!handled++)
		errno = EXDEV;
}

/* SIGALRM comes after so many ms, and then every `again_ms`, 0 for once. */
static inline void waits_alarm(int flags, long ms, long again_ms)
{
	struct sigaction action = {.sa_handler = waits_handle, .sa_flags = flags};
	struct itimerval times = {
		{again_ms / 1000, again_ms % 1000 * 1000}, {ms / 1000, ms % 1000 * 1000}};

	handled = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &times, NULL);
}

static inline void waits_no_alarm(void)
{
	waits_alarm(0, 0, 0);
}

#endif
