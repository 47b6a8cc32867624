/* waiting.c - allocates a little, says "ready", and waits for what the test does to it.
 *
 * waiting [block|fork|own|thread]: blocks SIGUSR2; forks and says the child's pid; has a handler
 * of its own for SIGUSR2; says the number of a second thread. */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *kept[10];

static void own(int signal)
{
	(void)signal;
	if (write(STDOUT_FILENO, "own\n", 4) < 0)
		_exit(1);
}

static void *second(void *unused)
{
	printf("thread %d\nready\n", (int)gettid());
	fflush(stdout);
	for (;;)
		pause();
	return unused;
}

static void block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int prepare(const char *how)
{
	pthread_t thread;
	pid_t child;

	if (!strcmp(how, "block"))
		block();
	if (!strcmp(how, "own"))
		signal(SIGUSR2, own);
	if (!strcmp(how, "thread"))
		return pthread_create(&thread, NULL, second, NULL) == 0;
	if (!strcmp(how, "fork")) {
		child = fork();
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return 1;
		}
		printf("child %d\n", (int)child);
	}
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 10; i++)
		kept[i] = malloc(1000);
	if (!prepare(argc > 1 ? argv[1] : ""))
		puts("ready");
	fflush(stdout);
	for (;;)
		pause();
	return kept[0] == NULL;
}
