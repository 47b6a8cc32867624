/* generations.c - a forked child's forked child, which still has its grandparent's blocks.
 *
 *    generations fork|raw
 *
 * The grandparent makes 1,000 blocks; a child allocates once and forks; its child asks for a report
 * while the blocks live, frees them and asks again. Three children more fail to allocate, 1,000
 * times each, before the grandparent asks, too. `raw`: they are made behind libc's back. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 1000, REFUSED = 1000, CHILDREN = 3 };

static void *block[BLOCKS];
static void *volatile kept;
static int raw;

static pid_t child(void)
{
	return raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
}

static void touch(void)
{
	kept = malloc(10);
	free(kept);
}

static void grandchild(void)
{
	touch();
	raise(SIGUSR2);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	raise(SIGUSR2);
	_exit(0);
}

static void be_refused(void)
{
	for (int i = 0; i < REFUSED; i++)
		kept = malloc(PTRDIFF_MAX);
	_exit(0);
}

int main(int argc, char **argv)
{
	raw = argc > 1 && !strcmp(argv[1], "raw");
	for (int i = 0; i < BLOCKS; i++)
		block[i] = malloc(1000);
	if (child() == 0) {
		touch();
		if (child() == 0)
			grandchild();
		wait(NULL);
		_exit(0);
	}
	wait(NULL);
	for (int i = 0; i < CHILDREN; i++) {
		if (child() == 0)
			be_refused();
		wait(NULL);
	}
	raise(SIGUSR2);
	puts("done");
	return 0;
}
