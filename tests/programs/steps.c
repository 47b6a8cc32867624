/* steps.c - grows by 8 MiB at each SIGUSR1, and says how far it is; gives 8 MiB back at SIGHUP.
 *
 * steps [BLOCKS]: so many small blocks from the start on. One of its threads has a name that would
 * turn a terminal red. */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 8 << 20, STEPS = 64 };

static void *steps[STEPS];
static void **kept;

static __attribute__((noinline)) void *grow_here(void)
{
	void *volatile block = malloc(STEP);

	memset(block, 1, STEP);
	return block;
}

static __attribute__((noinline)) void *keep_here(size_t size)
{
	void *volatile block = malloc(size);

	return block;
}

static void *sit(void *unused)
{
	pthread_setname_np(pthread_self(), "\033[31mred\033[m");
	for (;;)
		pause();
	return unused;
}

static void tell(int step)
{
	printf("step %d\n", step);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long blocks = argc > 1 ? atol(argv[1]) : 0;
	pthread_t thread;
	int step = 0, number;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kept = calloc((size_t)blocks + 1, sizeof(*kept));
	for (long i = 0; i < blocks; i++)
		kept[i] = keep_here(24 + (size_t)i % 64);
	pthread_create(&thread, NULL, sit, NULL);
	for (tell(step); sigwait(&set, &number) == 0; tell(step)) {
		if (number == SIGUSR1 && step < STEPS)
			steps[step++] = grow_here();
		else if (number == SIGHUP && step)
			free(steps[--step]);
	}
	return 1;
}
