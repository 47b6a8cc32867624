/* launch.h - a program as a child that nobody can tell from one started directly. */
#ifndef VMATLAS_LAUNCH_H
#define VMATLAS_LAUNCH_H

#include <sys/types.h>

struct launch {
	pid_t pid;
	int status; /* as waitpid(2) gives it, once launch_run has returned 0 */
};

/* Runs the program at path (with a slash; execvp(3) decides how) in this process's group, and
 * waits for its end. Meanwhile what happens to this process happens to the program: it gets the
 * signals that are sent to this process's pid, whoever it is that ignores or blocks them, and a
 * program that stops takes this process with it, so that a shell's job control works. What a
 * terminal or the kernel sends to the whole group reaches the program without us, and is not sent
 * twice. Returns 0, or the errno of what kept it from starting. Signals stay blocked afterwards. To
 * be called once, from a process with one thread. */
int launch_run(const char *path, char *const argv[], struct launch *launch);

/* Ends this process as the program ended: with its exit status, or by the signal that killed it, so
 * that a shell says and does the same. Writes no core file of its own. */
void launch_end(const struct launch *launch) __attribute__((noreturn));

#endif
