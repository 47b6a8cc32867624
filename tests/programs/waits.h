/* waits.h - calls of libc that wait and come back with EINTR when a handler has run. */
#ifndef WAITS_H
#define WAITS_H

#include <aio.h>
#include <fcntl.h>
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
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <threads.h>
#include <time.h>

#include "tell.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What <bits/poll2.h> calls where the size of the array is known. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *mask, size_t size);

int __xpg_sigpause(int signal);
int __sigpause(int signal_or_mask, int is_signal);
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t room, int flags,
	__SOCKADDR_ARG address, socklen_t *length);

struct message {
	long type;
	char text[64];
};

/* What is waited for: nothing is in them until somebody wakes us. */
static struct {
	int pipe[2], epoll, semaphores, inbox, full;
	sem_t semaphore;
	sigset_t queued, none;
	/* Nothing comes out of the first, nothing goes into the second, nobody calls at the third,
	 * and nothing is read from the last. */
	int socket[2], stuffed[2], listening, late[2];
	struct sockaddr_un name;
	socklen_t name_length;
	struct aiocb request;
} things;

/* A stream whose other end takes nothing until somebody wakes us. */
static inline void waits_fill(int fd)
{
	static char much[65536];

	while (send(fd, much, sizeof much, MSG_DONTWAIT) > 0)
		;
	while (send(fd, much, 1, MSG_DONTWAIT) > 0)
		;
}

static inline void waits_sockets(void)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(own);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, things.socket) ||
		socketpair(AF_UNIX, SOCK_STREAM, 0, things.stuffed))
		exit(99);
	things.listening = socket(AF_UNIX, SOCK_STREAM, 0);
	/* A name of the kernel's choice. */
	if (bind(things.listening, (void *)&own, sizeof(own.sun_family)) ||
		listen(things.listening, 0) ||
		getsockname(things.listening, (void *)&things.name, &length))
		exit(99);
	things.name_length = length;
	if (pipe(things.late))
		exit(99);
}

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
	waits_sockets();
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

static inline long wait_epoll_mask2(long ms)
{
	struct epoll_event event;
	struct timespec wanted = span(ms);

	return drained(epoll_pwait2(
		things.epoll, &event, 1, ms < 0 ? NULL : &wanted, ms < 0 ? &things.queued : NULL));
}

static inline long wait_sem_clock(long ms)
{
	struct timespec until = span_from_now(CLOCK_MONOTONIC, ms);

	return sem_clockwait(&things.semaphore, CLOCK_MONOTONIC, &until);
}

static inline long wait_sigpause(long ms)
{
	(void)ms;
	return __xpg_sigpause(SIGRTMIN + 4);
}

static inline long wait_sigpause_mask(long ms)
{
	(void)ms;
	return __sigpause(0, 0);
}

/* The request stays where the wait for it ends before it. */
static inline long wait_aio(long ms)
{
	static char byte;
	const struct aiocb *list[] = {&things.request};
	struct timespec wanted = span(ms);
	long result;

	if (!things.request.aio_buf || aio_error(&things.request) != EINPROGRESS) {
		things.request = (struct aiocb){
			.aio_fildes = things.late[0], .aio_buf = &byte, .aio_nbytes = 1};
		aio_read(&things.request);
	}
	result = aio_suspend(list, 1, &wanted);
	return result ? result : aio_return(&things.request);
}

static inline void limit(int fd, int option, long ms)
{
	struct timespec wanted = span(ms);
	struct timeval time = {wanted.tv_sec, wanted.tv_nsec / 1000};

	if (setsockopt(fd, SOL_SOCKET, option, &time, sizeof(time)))
		exit(99);
}

#define WAIT_TO_RECEIVE(name, call)                                            \
	static inline long wait_##name(long ms)                                \
	{                                                                      \
		char byte[1];                                                  \
		struct iovec part = {byte, sizeof(byte)};                      \
		struct mmsghdr one = {{.msg_iov = &part, .msg_iovlen = 1}, 0}; \
		int fd = things.socket[0];                                     \
                                                                               \
		(void)one;                                                     \
		limit(fd, SO_RCVTIMEO, ms);                                    \
		errno = ERRNO_SENTINEL;                                        \
		return call;                                                   \
	}
WAIT_TO_RECEIVE(read, read(fd, byte, 1))
WAIT_TO_RECEIVE(read_chk, __read_chk(fd, byte, 1, 1))
WAIT_TO_RECEIVE(readv, readv(fd, &part, 1))
WAIT_TO_RECEIVE(recv, recv(fd, byte, 1, 0))
WAIT_TO_RECEIVE(recv_chk, __recv_chk(fd, byte, 1, 1, 0))
WAIT_TO_RECEIVE(recvfrom, recvfrom(fd, byte, 1, 0, NULL, NULL))
WAIT_TO_RECEIVE(recvfrom_chk, __recvfrom_chk(fd, byte, 1, 1, 0, NULL, NULL))
WAIT_TO_RECEIVE(recvmsg, recvmsg(fd, &one.msg_hdr, 0))
WAIT_TO_RECEIVE(recvmmsg, recvmmsg(fd, &one, 1, 0, NULL))

#define WAIT_TO_SEND(name, call)                                               \
	static inline long wait_##name(long ms)                                \
	{                                                                      \
		char byte[1] = "x";                                            \
		struct iovec part = {byte, sizeof(byte)};                      \
		struct mmsghdr one = {{.msg_iov = &part, .msg_iovlen = 1}, 0}; \
		int fd = things.stuffed[0];                                    \
                                                                               \
		(void)one;                                                     \
		waits_fill(fd);                                                \
		limit(fd, SO_SNDTIMEO, ms);                                    \
		errno = ERRNO_SENTINEL;                                        \
		return call;                                                   \
	}
WAIT_TO_SEND(write, write(fd, byte, 1))
WAIT_TO_SEND(writev, writev(fd, &part, 1))
WAIT_TO_SEND(send, send(fd, byte, 1, 0))
WAIT_TO_SEND(sendto, sendto(fd, byte, 1, 0, NULL, 0))
WAIT_TO_SEND(sendmsg, sendmsg(fd, &one.msg_hdr, 0))
WAIT_TO_SEND(sendmmsg, sendmmsg(fd, &one, 1, 0))

/* Not its number: how many are open is another's business. */
static inline long closed(int fd)
{
	return fd < 0 ? fd : close(fd);
}

static inline long wait_accept(long ms)
{
	limit(things.listening, SO_RCVTIMEO, ms);
	return closed(accept(things.listening, NULL, NULL));
}

static inline long wait_accept4(long ms)
{
	limit(things.listening, SO_RCVTIMEO, ms);
	return closed(accept4(things.listening, NULL, NULL, SOCK_CLOEXEC));
}

static inline int caller(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		exit(99);
	return fd;
}

/* One waits in the queue already. */
static inline long wait_connect(long ms)
{
	int first = caller(), second = caller();
	long result;

	fcntl(first, F_SETFL, O_NONBLOCK);
	connect(first, (void *)&things.name, things.name_length);
	limit(second, SO_SNDTIMEO, ms);
	errno = ERRNO_SENTINEL;
	result = connect(second, (void *)&things.name, things.name_length);
	closed(first);
	closed(second);
	return result;
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

static inline void wake_socket(void)
{
	if (send(things.socket[1], "x", 1, 0) != 1)
		exit(98);
}

static inline void wake_stuffed(void)
{
	char some[4096];

	while (recv(things.stuffed[1], some, sizeof(some), MSG_DONTWAIT) > 0)
		;
}

static inline void wake_aio(void)
{
	if (write(things.late[1], "x", 1) != 1)
		exit(98);
}

static inline void wake_listening(void)
{
	int fd = caller();

	connect(fd, (void *)&things.name, things.name_length);
	closed(fd);
}

static inline void wake_caller(void)
{
	closed(accept(things.listening, NULL, NULL));
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
	{"epoll_pwait2", wait_epoll_mask2, wake_pipe, false},
	{"sem_clockwait", wait_sem_clock, wake_sem, false},
	{"__xpg_sigpause", wait_sigpause, NULL, true},
	{"__sigpause", wait_sigpause_mask, NULL, true},
	{"aio_suspend", wait_aio, wake_aio, false},
	{"read", wait_read, wake_socket, false},
	{"__read_chk", wait_read_chk, wake_socket, false},
	{"readv", wait_readv, wake_socket, false},
	{"recv", wait_recv, wake_socket, false},
	{"__recv_chk", wait_recv_chk, wake_socket, false},
	{"recvfrom", wait_recvfrom, wake_socket, false},
	{"__recvfrom_chk", wait_recvfrom_chk, wake_socket, false},
	{"recvmsg", wait_recvmsg, wake_socket, false},
	{"recvmmsg", wait_recvmmsg, wake_socket, false},
	{"write", wait_write, wake_stuffed, false},
	{"writev", wait_writev, wake_stuffed, false},
	{"send", wait_send, wake_stuffed, false},
	{"sendto", wait_sendto, wake_stuffed, false},
	{"sendmsg", wait_sendmsg, wake_stuffed, false},
	{"sendmmsg", wait_sendmmsg, wake_stuffed, false},
	{"accept", wait_accept, wake_listening, false},
	{"accept4", wait_accept4, wake_listening, false},
	{"connect", wait_connect, wake_caller, false},
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
