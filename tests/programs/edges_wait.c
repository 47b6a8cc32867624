/* The calls that wait, at their edges: times that are none, that are over, or that never end,
 * pointers to nothing, handlers, masks, cancellation. Tells facts that do not vary, so that a plain
 * run and one under the shim must print the same.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "child.h"
#include "waits.h"

/* Wrong lengths and pointers are what is tried here. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wnonnull"

/* No memory is mapped there. */
#define NOWHERE ((void *)16)
#define FAR_AWAY ((time_t)1 << 40)

enum { ALARM_MS = 20 };

static void told(const char *what, long result)
{
	tell("%s: %ld, errno %s, handled %d", what, result, errno_name(errno), handled);
}

/* Tells what an expression returns and leaves in errno, where no alarm comes. */
#define TRY(expression)                                \
	do {                                           \
		handled = 0;                           \
		errno = ERRNO_SENTINEL;                \
		told(#expression, (long)(expression)); \
	} while (0)

/* The same with an alarm that ends it. */
#define TRY_ALARM(expression)                                    \
	do {                                                     \
		waits_alarm(0, ALARM_MS, 0);                     \
		errno = ERRNO_SENTINEL;                          \
		told(#expression ", alarm", (long)(expression)); \
	} while (0)

/* -- Sleeping ------------------------------------------------------------------------------- */

static const struct timespec times[] = {{0, 0}, {0, 1}, {0, 5000000}, {-1, 0}, {0, -1},
	{-1, 999999999}, {0, 1000000000}, {0, LONG_MAX}, {LONG_MIN, 0}, {LONG_MAX, -1},
	{LONG_MAX, LONG_MAX}};

/* Sets everything to what no call leaves there. */
static struct timespec unlikely(void)
{
	return (struct timespec){77, 77};
}

static const char *rest_name(const struct timespec *rest, const struct timespec *wanted)
{
	if (rest->tv_sec == 77 && rest->tv_nsec == 77)
		return "untouched";
	if (rest->tv_nsec < 0 || rest->tv_nsec > 999999999)
		return "no time";
	return rest->tv_sec == wanted->tv_sec - 1 ? "right" : "wrong";
}

static void try_sleep_times(void)
{
	for (size_t i = 0; i < COUNT(times); i++) {
		struct timespec wanted = times[i], rest = unlikely();

		tell("seconds %ld, nanoseconds %ld", (long)wanted.tv_sec, wanted.tv_nsec);
		TRY(nanosleep(&wanted, NULL));
		TRY(nanosleep(&wanted, &rest));
		TRY(clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, &rest));
		TRY(clock_nanosleep(CLOCK_REALTIME, 0, &wanted, NULL));
		if (wanted.tv_sec <= 0)
			TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wanted, &rest));
		TRY(thrd_sleep(&wanted, &rest));
		tell("rest %s", rest_name(&rest, &wanted));
	}
}

static void try_clocks(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI,
		CLOCK_THREAD_CPUTIME_ID, 99, -1, INT_MIN, INT_MAX};
	struct timespec short_time = {0, 1000000}, past = {1, 0};

	for (size_t i = 0; i < COUNT(clocks); i++) {
		clockid_t clock = clocks[i];

		tell("clock %d", clock);
		TRY(clock_nanosleep(clock, 0, &short_time, NULL));
		TRY(clock_nanosleep(clock, TIMER_ABSTIME, &past, NULL));
		TRY(clock_nanosleep(clock, 0x100, &short_time, NULL));
		TRY(clock_nanosleep(clock, 0, NOWHERE, NULL));
	}
}

static void try_sleep_memory(void)
{
	struct timespec wanted = {1000, 0}, rest = unlikely();

	TRY(nanosleep(NULL, NULL));
	TRY(nanosleep(NOWHERE, NULL));
	TRY(nanosleep(NOWHERE, NOWHERE));
	TRY(clock_nanosleep(CLOCK_MONOTONIC, 0, NULL, NULL));
	TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, NOWHERE, NULL));
	TRY(thrd_sleep(NULL, NULL));
	TRY_ALARM(nanosleep(&wanted, NULL));
	TRY_ALARM(nanosleep(&wanted, NOWHERE));
	TRY_ALARM(nanosleep(&wanted, &rest));
	tell("rest %s", rest_name(&rest, &wanted));
	TRY_ALARM(thrd_sleep(&wanted, NOWHERE));
	TRY_ALARM(clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, NOWHERE));
	rest = wanted;
	TRY_ALARM(nanosleep(&rest, &rest));
	tell("rest %s", rest_name(&rest, &wanted));
}

static void try_sleep_long(void)
{
	struct timespec far = {FAR_AWAY, 0}, rest = unlikely(), until;

	TRY_ALARM(nanosleep(&far, &rest));
	tell("rest %s", rest_name(&rest, &far));
	rest = unlikely();
	TRY_ALARM(clock_nanosleep(CLOCK_BOOTTIME, 0, &far, &rest));
	tell("rest %s", rest_name(&rest, &far));
	rest = unlikely();
	TRY_ALARM(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &far, &rest));
	until = span_from_now(CLOCK_MONOTONIC, 100000);
	TRY_ALARM(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NOWHERE));
	tell("rest %s", rest_name(&rest, &far));
	/* The processor's time stands still while we wait. */
	far.tv_sec = 2;
	TRY_ALARM(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &far, &rest));
	tell("rest %s", rest_name(&rest, &far));
	TRY(usleep(0));
	TRY(usleep(1));
	TRY(usleep(5000));
	TRY_ALARM(usleep(UINT_MAX));
	TRY(sleep(0));
	TRY_ALARM(sleep(100));
	TRY_ALARM(sleep(UINT_MAX));
}

/* -- Descriptors ---------------------------------------------------------------------------- */

static void try_poll_descriptors(void)
{
	struct pollfd fds[] = {{.fd = things.pipe[0], .events = POLLIN, .revents = -1},
		{.fd = -1, .events = POLLIN, .revents = -1},
		{.fd = 9999, .events = POLLIN, .revents = -1},
		{.fd = things.pipe[1], .events = POLLOUT, .revents = -1}};

	TRY(poll(fds, 4, -1));
	for (size_t i = 0; i < COUNT(fds); i++)
		tell("revents %d", fds[i].revents);
	TRY(poll(fds, 2, 0));
	TRY(poll(NULL, 0, 0));
	TRY(poll(NULL, 1, 0));
	TRY(poll(NOWHERE, 1, 5));
	TRY(poll(NOWHERE, 0, 5));
	TRY(poll(fds, (nfds_t)1 << 40, 0));
	TRY(__poll_chk(fds, 4, -1, sizeof(fds)));
	TRY(__poll_chk(fds, 1, 5, sizeof(fds)));
	TRY(__poll_chk(NOWHERE, 1, 5, SIZE_MAX));
}

static void try_poll_times(void)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};

	TRY(poll(&fd, 1, 0));
	TRY(poll(&fd, 1, 5));
	TRY_ALARM(poll(&fd, 1, -1));
	TRY_ALARM(poll(&fd, 1, INT_MIN));
	TRY_ALARM(poll(&fd, 1, INT_MAX));
	TRY_ALARM(poll(NULL, 0, -1));
	TRY(__poll_chk(&fd, 1, 5, sizeof(fd)));
	TRY_ALARM(__poll_chk(&fd, 1, -7, sizeof(fd)));
	TRY_ALARM(__poll_chk(&fd, 1, INT_MAX, sizeof(fd)));
}

static void check_poll(void)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};

	__poll_chk(&fd, 2, 0, sizeof(fd));
}

static void check_ppoll(void)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};

	__ppoll_chk(&fd, 2, NULL, NULL, sizeof(fd));
}

/* An array that is too small ends the process. */
static void try_checks(void)
{
	static const struct act rows[] = {{"__poll_chk", check_poll}, {"__ppoll_chk", check_ppoll}};
	const struct rlimit none = {0, 0};
	struct rlimit core;

	getrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < COUNT(rows); i++)
		in_child("fork", &rows[i], fork());
	setrlimit(RLIMIT_CORE, &core);
}

static void try_ppoll(void)
{
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};
	const struct timespec far = {FAR_AWAY, 0};

	for (size_t i = 0; i < COUNT(times); i++) {
		tell("seconds %ld, nanoseconds %ld", (long)times[i].tv_sec, times[i].tv_nsec);
		TRY(ppoll(&fd, 1, &times[i], NULL));
		TRY(__ppoll_chk(&fd, 1, &times[i], NULL, sizeof(fd)));
	}
	TRY(ppoll(NOWHERE, 1, &times[0], NULL));
	TRY(ppoll(&fd, 1, &times[0], NOWHERE));
	TRY(__ppoll_chk(NOWHERE, 1, &times[0], NULL, sizeof(fd)));
	TRY_ALARM(ppoll(&fd, 1, NULL, NULL));
	TRY_ALARM(ppoll(&fd, 1, &far, &things.none));
	TRY_ALARM(__ppoll_chk(&fd, 1, NULL, NULL, sizeof(fd)));
	TRY_ALARM(__ppoll_chk(&fd, 1, &far, &things.none, sizeof(fd)));
}

static fd_set one(int fd)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return set;
}

static const char *left_name(const struct timeval *left, long wanted)
{
	if (left->tv_sec == wanted && left->tv_usec == 0)
		return "untouched";
	if (left->tv_usec < 0 || left->tv_usec > 999999)
		return "no time";
	return left->tv_sec == 0 && left->tv_usec == 0 ? "none"
	       : left->tv_sec == wanted - 1            ? "right"
						       : "wrong";
}

static void try_select_times(void)
{
	static const struct timeval wanted[] = {{0, 0}, {0, 1}, {0, 5000}, {-1, 0}, {0, -1},
		{0, LONG_MIN}, {-1, 2000000}, {LONG_MIN, 0}};

	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct timeval left = wanted[i];

		tell("seconds %ld, microseconds %ld", (long)left.tv_sec, (long)left.tv_usec);
		TRY(select(0, NULL, NULL, NULL, &left));
		if (wanted[i].tv_sec >= 0 && wanted[i].tv_usec >= 0)
			tell("left %s", left_name(&left, -1));
	}
}

static void try_select_sets(void)
{
	fd_set readable = one(things.pipe[0]), writable = one(things.pipe[1]), bad = one(999);
	struct timeval now = {0, 0}, left = {1000, 0}, large = {0, 1000000000};

	TRY(select(-1, NULL, NULL, NULL, &now));
	TRY(select(INT_MIN, NULL, NULL, NULL, &now));
	TRY(select(1000, &bad, NULL, NULL, &now));
	TRY(select(10, NOWHERE, NULL, NULL, &now));
	TRY(select(things.pipe[1] + 1, &readable, &writable, NULL, NULL));
	tell("readable %d, writable %d", FD_ISSET(things.pipe[0], &readable),
		FD_ISSET(things.pipe[1], &writable));
	readable = one(things.pipe[0]);
	TRY_ALARM(select(things.pipe[1] + 1, &readable, NULL, NULL, &left));
	tell("left %s, readable %d", left_name(&left, 1000), FD_ISSET(things.pipe[0], &readable));
	TRY_ALARM(select(0, NULL, NULL, NULL, &large));
	tell("left %s", left_name(&large, 1000));
	TRY_ALARM(select(0, NULL, NULL, NULL, NULL));
	writable = one(things.pipe[1]);
	left = (struct timeval){1000, 0};
	TRY(select(things.pipe[1] + 1, NULL, &writable, NULL, &left));
	tell("left %s", left.tv_sec >= 999 ? "nearly all" : "too little");
}

static void try_pselect(void)
{
	fd_set readable = one(things.pipe[0]);
	struct timespec wanted = {1000, 0}, far = {FAR_AWAY, 0};

	for (size_t i = 0; i < COUNT(times); i++) {
		tell("seconds %ld, nanoseconds %ld", (long)times[i].tv_sec, times[i].tv_nsec);
		TRY(pselect(0, NULL, NULL, NULL, &times[i], NULL));
	}
	TRY(pselect(-1, NULL, NULL, NULL, &times[0], NULL));
	TRY(pselect(10, NULL, NOWHERE, NULL, &times[0], NULL));
	TRY(pselect(0, NULL, NULL, NULL, &times[0], NOWHERE));
	TRY_ALARM(pselect(things.pipe[1] + 1, &readable, NULL, NULL, &wanted, NULL));
	tell("wanted %ld %ld, readable %d", (long)wanted.tv_sec, wanted.tv_nsec,
		FD_ISSET(things.pipe[0], &readable));
	TRY_ALARM(pselect(0, NULL, NULL, NULL, &far, &things.none));
	TRY_ALARM(pselect(0, NULL, NULL, NULL, NULL, &things.none));
}

static void try_epoll(void)
{
	struct epoll_event events[2];
	const int epoll = things.epoll;

	TRY(epoll_wait(-1, events, 1, 0));
	TRY(epoll_wait(things.pipe[0], events, 1, 0));
	TRY(epoll_wait(epoll, events, 0, 0));
	TRY(epoll_wait(epoll, events, -1, 0));
	TRY(epoll_wait(epoll, events, INT_MAX, 0));
	TRY(epoll_wait(epoll, events, 2, 0));
	TRY(epoll_wait(epoll, events, 2, 5));
	TRY(epoll_pwait(epoll, events, 2, 5, NULL));
	TRY(epoll_pwait(epoll, events, 2, 5, NOWHERE));
	TRY(epoll_pwait(epoll, events, 0, 5, NULL));
	TRY(epoll_pwait(-1, events, 1, 0, &things.none));
	wake_pipe();
	TRY(epoll_wait(epoll, events, 2, -1));
	TRY(epoll_wait(epoll, NOWHERE, 2, -1));
	TRY(epoll_pwait(epoll, events, 1, -1, &things.none));
	drained(1);
	TRY_ALARM(epoll_wait(epoll, events, 1, -1));
	TRY_ALARM(epoll_wait(epoll, events, 1, INT_MIN));
	TRY_ALARM(epoll_wait(epoll, events, 1, INT_MAX));
	TRY_ALARM(epoll_pwait(epoll, events, 1, -1, NULL));
	TRY_ALARM(epoll_pwait(epoll, events, 1, INT_MAX, &things.none));
}

/* -- Signals -------------------------------------------------------------------------------- */

static void try_signal_sets(void)
{
	siginfo_t info = {0};
	sigset_t none = things.none;

	TRY(sigsuspend(NOWHERE));
	TRY(sigwaitinfo(NOWHERE, NULL));
	TRY(sigtimedwait(&things.queued, NULL, NOWHERE));
	for (size_t i = 0; i < COUNT(times); i++) {
		tell("seconds %ld, nanoseconds %ld", (long)times[i].tv_sec, times[i].tv_nsec);
		TRY(sigtimedwait(&things.queued, &info, &times[i]));
	}
	wake_signal();
	wake_signal();
	wake_signal();
	wake_signal();
	TRY(sigwaitinfo(&things.queued, NULL));
	TRY(sigtimedwait(&things.queued, &info, NULL));
	tell("signal %d, value %d, code %d, sender %s", info.si_signo, info.si_value.sival_int,
		info.si_code, info.si_pid == getpid() ? "we" : "another");
	TRY(sigtimedwait(&things.queued, &info, &times[0]));
	TRY(sigwaitinfo(&things.queued, NOWHERE));
	TRY(sigtimedwait(&things.queued, NULL, &times[0]));
	TRY_ALARM(sigwaitinfo(&none, &info));
	TRY_ALARM(sigtimedwait(&things.queued, &info, NULL));
	TRY_ALARM(pause());
	TRY_ALARM(sigsuspend(&none));
}

static const char *alarm_blocked(void)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	return sigismember(&now, SIGALRM) ? "blocked" : "open";
}

/* A signal that the mask of the wait lets in, and one that it keeps out; the program's mask is the
 * same afterwards. */
static void try_masks(void)
{
	const struct timespec wanted = {0, 60000000}, far = {1000, 0};
	struct pollfd fd = {.fd = things.pipe[0], .events = POLLIN};
	struct epoll_event event;
	sigset_t alarm, none = things.none;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	TRY_ALARM(ppoll(&fd, 1, &wanted, &alarm));
	TRY_ALARM(pselect(0, NULL, NULL, NULL, &wanted, &alarm));
	TRY_ALARM(epoll_pwait(things.epoll, &event, 1, 60, &alarm));
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	TRY_ALARM(nanosleep(&wanted, NULL));
	TRY(ppoll(&fd, 1, &far, &none));
	TRY_ALARM(pselect(0, NULL, NULL, NULL, &far, &none));
	TRY_ALARM(epoll_pwait(things.epoll, &event, 1, 100000, &none));
	TRY_ALARM(__ppoll_chk(&fd, 1, &far, &none, sizeof(fd)));
	TRY_ALARM(sigsuspend(&none));
	TRY_ALARM(sigwaitinfo(&alarm, NULL));
	TRY_ALARM(sigtimedwait(&alarm, NULL, &far));
	tell("alarm %s", alarm_blocked());
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

/* -- Semaphores and queues ------------------------------------------------------------------ */

static void try_semaphore(void)
{
	struct timespec until;
	sem_t *semaphore = &things.semaphore;

	for (size_t i = 0; i < COUNT(times); i++) {
		if (times[i].tv_sec > 0)
			continue;
		tell("seconds %ld, nanoseconds %ld", (long)times[i].tv_sec, times[i].tv_nsec);
		TRY(sem_timedwait(semaphore, &times[i]));
		sem_post(semaphore);
		TRY(sem_timedwait(semaphore, &times[i]));
		while (!sem_trywait(semaphore))
			;
	}
	until = span_from_now(CLOCK_REALTIME, 5);
	TRY(sem_timedwait(semaphore, &until));
	until.tv_sec += 1000;
	TRY_ALARM(sem_timedwait(semaphore, &until));
}

static void try_operations(void)
{
	struct sembuf now = {.sem_op = -1, .sem_flg = IPC_NOWAIT}, take = {.sem_op = -1},
		      give = {.sem_op = 1}, other = {.sem_num = 2, .sem_op = 1},
		      zero = {.sem_op = 0};
	const int id = things.semaphores;

	TRY(semop(-1, &give, 1));
	TRY(semop(id, &give, 0));
	TRY(semop(id, NOWHERE, 1));
	TRY(semop(id, &give, (size_t)1 << 30));
	TRY(semop(id, &other, 1));
	TRY(semop(id, &now, 1));
	TRY(semop(id, &zero, 1));
	TRY(semop(id, &give, 1));
	TRY(semop(id, &take, 1));
	TRY_ALARM(semop(id, &take, 1));
	for (size_t i = 0; i < COUNT(times); i++) {
		tell("seconds %ld, nanoseconds %ld", (long)times[i].tv_sec, times[i].tv_nsec);
		TRY(semtimedop(id, &take, 1, &times[i]));
		TRY(semtimedop(id, &zero, 1, &times[i]));
	}
	TRY(semtimedop(id, &take, 1, NOWHERE));
	TRY(semtimedop(id, &now, 1, NULL));
	TRY_ALARM(semtimedop(id, &take, 1, NULL));
	TRY(semctl(id, 0, GETVAL));
}

static void try_messages(void)
{
	struct message message = {.type = 3, .text = "text"}, none = {.type = 0};
	const int id = things.inbox;

	TRY(msgsnd(-1, &message, 5, 0));
	TRY(msgsnd(id, &none, 5, 0));
	TRY(msgsnd(id, NOWHERE, 5, 0));
	TRY(msgsnd(id, &message, (size_t)-1, 0));
	TRY(msgsnd(id, &message, 5, 0));
	TRY(msgsnd(things.full, &message, 5, IPC_NOWAIT));
	TRY_ALARM(msgsnd(things.full, &message, sizeof(message.text), 0));
	TRY(msgrcv(-1, &message, 5, 0, 0));
	TRY(msgrcv(id, &message, 5, 4, IPC_NOWAIT));
	TRY(msgrcv(id, &message, (size_t)-1, 0, 0));
	TRY(msgrcv(id, &message, 4, 0, 0));
	TRY(msgrcv(id, NOWHERE, 5, 0, IPC_NOWAIT));
	TRY(msgsnd(id, &message, 5, 0));
	TRY(msgrcv(id, &message, 4, 0, MSG_NOERROR));
	tell("type %ld, text %.4s", message.type, message.text);
	TRY_ALARM(msgrcv(id, &message, 5, 0, 0));
}

/* -- All of them ---------------------------------------------------------------------------- */

/* SA_RESTART makes no difference: these waits end with every handler. */
static void try_handlers(const struct wait *wait)
{
	static const int flags[] = {0, SA_RESTART};

	for (size_t i = 0; i < COUNT(flags); i++) {
		waits_alarm(flags[i], ALARM_MS, 0);
		errno = ERRNO_SENTINEL;
		long result = wait->call(-1);
		tell("%s, flags %x: %ld, errno %s, handled %d", wait->name, flags[i], result,
			errno_name(errno), handled);
	}
}

static void *wait_for_ever(void *wait)
{
	((const struct wait *)wait)->call(-1);
	return NULL;
}

/* In a thread that is asked to end. */
static void try_cancel(const struct wait *wait)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, wait_for_ever, (void *)wait))
		return;
	wait_nanosleep(ALARM_MS);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	tell("%s, cancelled: %d", wait->name, result == PTHREAD_CANCELED);
}

static void *remove_later(void *unused)
{
	wait_nanosleep(ALARM_MS);
	waits_remove();
	return unused;
}

/* What is waited for goes away. */
static void try_removed(const struct wait *wait)
{
	pthread_t thread;

	waits_prepare();
	pthread_create(&thread, NULL, remove_later, NULL);
	errno = ERRNO_SENTINEL;
	long result = wait->call(-1);
	tell("%s, removed: %ld, errno %s", wait->name, result, errno_name(errno));
	pthread_join(thread, NULL);
}

static void try_all(void)
{
	for (const struct wait *wait = waits; wait < waits + COUNT(waits); wait++) {
		try_handlers(wait);
		/* Not a point of cancellation. */
		if (wait->wake != wake_semop)
			try_cancel(wait);
	}
	waits_remove();
	for (const struct wait *wait = waits; wait < waits + COUNT(waits); wait++) {
		if (wait->wake == wake_semop || wait->wake == wake_msgsnd ||
			wait->wake == wake_msgrcv)
			try_removed(wait);
	}
}

int main(void)
{
	waits_prepare();
	try_sleep_times();
	try_clocks();
	try_sleep_memory();
	try_sleep_long();
	try_poll_descriptors();
	try_poll_times();
	try_checks();
	try_ppoll();
	try_select_times();
	try_select_sets();
	try_pselect();
	try_epoll();
	try_signal_sets();
	try_masks();
	try_semaphore();
	try_operations();
	try_messages();
	try_all();
	tell("end");
	return 0;
}
