/* Waits that end in their time, by what they wait for, and by a handler. Tells facts that do not
 * vary, so that a plain run and one under a rain of dumps must print the same.
 */
#include <pthread.h>

#include "waits.h"

/* How long a wait takes; no report is made so slowly that it takes so many times as long. */
enum { WAIT_MS = 150, SLOWEST = 20 };

static const char *punctual(const struct timespec *start, long wanted_ms)
{
	long ms = since_ms(start);

	return ms < wanted_ms ? "too early" : ms > wanted_ms * SLOWEST ? "too late" : "in time";
}

static void try_time(const struct wait *wait)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	errno = ERRNO_SENTINEL;
	long result = wait->call(WAIT_MS);
	tell("%s: %ld, errno %s, %s", wait->name, result, errno_name(errno),
		punctual(&start, WAIT_MS));
}

static void *wake_later(void *wait)
{
	wait_nanosleep(WAIT_MS / 2);
	((const struct wait *)wait)->wake();
	return NULL;
}

/* The signal that asks for a dump goes to the thread that waits: this one blocks it from its first
 * moment. What happens otherwise is waits_stolen.c's matter. */
static pthread_t start_waker(const struct wait *wait)
{
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_create(&thread, NULL, wake_later, (void *)wait);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

static void try_wake(const struct wait *wait)
{
	struct timespec start;
	pthread_t thread;

	clock_gettime(CLOCK_MONOTONIC, &start);
	thread = start_waker(wait);
	errno = ERRNO_SENTINEL;
	long result = wait->call(-1);
	tell("%s, woken: %ld, errno %s, %s", wait->name, result, errno_name(errno),
		punctual(&start, WAIT_MS / 2));
	pthread_join(thread, NULL);
}

/* The alarm comes again: one that comes between a dump and the end of its handler would be missed.
 */
static void try_handler(const struct wait *wait)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	waits_alarm(SA_RESTART, WAIT_MS / 2, WAIT_MS / 2);
	errno = ERRNO_SENTINEL;
	long result = wait->call(-1);
	const char *when = punctual(&start, WAIT_MS / 2);
	const char *name = errno_name(errno);
	waits_no_alarm();
	tell("%s, handler: %ld, errno %s, %s", wait->name, result, name, when);
}

/* Three sleeps of one handler in another's wait. */
static void sleep_in_handler(int signal)
{
	(void)signal;
	for (int i = 0; i < 3; i++)
		wait_nanosleep(WAIT_MS / 6);
	handled++;
}

static void try_sleeping_handler(void)
{
	struct sigaction action = {.sa_handler = sleep_in_handler};
	struct itimerval times = {{0, 0}, {0, WAIT_MS * 500}};
	struct timespec wanted = {1000, 0}, left = {0, 0};

	handled = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &times, NULL);
	errno = ERRNO_SENTINEL;
	int result = nanosleep(&wanted, &left);
	tell("handler that sleeps: %d, errno %s, handled %d, left %s", result, errno_name(errno),
		handled, left.tv_sec == 999 ? "999 s" : "another time");
}

int main(void)
{
	waits_prepare();
	for (const struct wait *wait = waits; wait < waits + COUNT(waits); wait++) {
		if (!wait->for_ever)
			try_time(wait);
		if (wait->wake)
			try_wake(wait);
		try_handler(wait);
	}
	try_sleeping_handler();
	waits_remove();
	tell("end");
	return 0;
}
