/* apart.h - a test in a process of its own: for what can be set only once, or may hang or kill. */
#ifndef VMATLAS_TEST_APART_H
#define VMATLAS_TEST_APART_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: says what does not hold, and ends it. */
#define CHECK(fact)                                                                   \
	do {                                                                          \
		if (!(fact)) {                                                        \
			dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #fact); \
			_exit(1);                                                     \
		}                                                                     \
	} while (0)

/* The wait status of a child that runs work(argument) and exits 0 after it; killed when it takes
 * longer than 20 seconds. */
static inline int apart(void (*work)(const void *argument), const void *argument)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		alarm(20);
		work(argument);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

#endif
