/* neighbours.c - a forked child whose first free is 4 MiB above its parent's last.
 *
 *    neighbours fork|raw
 *
 * Fills 20 MiB with blocks, frees one, forks, and the child frees the one that lies 4 MiB above: of
 * these addresses another leaf of the table knows, with another block at the same place in it.
 * Child and parent ask for a report each. Prints the addresses that each then lacks, and has in the
 * place where it could be mistaken. `raw`: the child is made behind libc's back. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* With their headers 1 KiB each, so that in the next leaf they lie where they do in this one. */
enum { BLOCKS = 20000, SIZE = 1008, LEAF_BITS = 22, APART = 200 };

static char *block[BLOCKS];

/* The number of a block that is well inside the leaf. */
static int within(uintptr_t leaf)
{
	int number = 0;

	while ((uintptr_t)block[number] >> LEAF_BITS != leaf)
		number++;
	return number + APART;
}

static pid_t child(const char *how)
{
	return strcmp(how, "raw") ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	uintptr_t leaf;
	int own, above;

	for (int i = 0; i < BLOCKS; i++)
		block[i] = malloc(SIZE);
	leaf = (uintptr_t)block[BLOCKS / 2] >> LEAF_BITS;
	own = within(leaf);
	above = within(leaf + 1) + APART;
	printf("%p %p %p\n", (void *)block[own], (void *)block[above],
		(void *)(block[above] - ((uintptr_t)1 << LEAF_BITS)));
	fflush(stdout);
	free(block[own]);
	if (child(argc > 1 ? argv[1] : "fork") == 0) {
		free(block[above]);
		raise(SIGUSR2);
		_exit(0);
	}
	wait(NULL);
	raise(SIGUSR2);
	return 0;
}
