/* hostile.h - what hostile programs share: named scenarios, a report at a chosen moment, and the
 * facts that a scenario tells at its end. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../../programs/tell.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct scenario {
	const char *name;
	void (*run)(void);
};

/* Whether somebody answers SIGUSR2: plain, it would kill. Asked of the kernel, so that neither libc
 * nor the shim has a say. */
static inline bool is_answered(void)
{
	struct {
		uintptr_t handler, flags, restorer;
		uint64_t mask;
	} action = {0, 0, 0, 0};

	return syscall(SYS_rt_sigaction, SIGUSR2, NULL, &action, 8) == 0 && action.handler > 1;
}

/* A report, now, by signal, before this returns; nothing where nobody answers. errno stays. */
static inline void ask(void)
{
	int kept = errno;

	if (is_answered())
		syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), SIGUSR2);
	errno = kept;
}

/* Tells the text and ends the scenario's process when the fact does not hold. */
#define must(fact)                                                                              \
	do {                                                                                    \
		if (!(fact)) {                                                                  \
			tell("line %d: not %s (errno %s)", __LINE__, #fact, errno_name(errno)); \
			_exit(9);                                                               \
		}                                                                               \
	} while (0)

/* The open descriptors below 4096, as a line. Raw: no directory is opened for it. */
static inline void tell_descriptors(void)
{
	char line[900] = "";
	size_t used = 0;

	for (int fd = 0; fd < 4096 && used < sizeof line - 8; fd++) {
		if (syscall(SYS_fcntl, fd, F_GETFD, 0) >= 0)
			used += (size_t)snprintf(line + used, sizeof line - used, " %d", fd);
	}
	tell("descriptors:%s", line);
}

/* Runs the scenario that the first argument names; without one, lists them. */
static inline int scenarios_run(const struct scenario *rows, size_t count, int argc, char **argv)
{
	for (size_t i = 0; i < count; i++) {
		if (argc < 2) {
			puts(rows[i].name);
		} else if (!strcmp(rows[i].name, argv[1])) {
			rows[i].run();
			tell_descriptors();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}

#define SCENARIOS(...)                                                              \
	int main(int argc, char **argv)                                             \
	{                                                                           \
		static const struct scenario rows[] = {__VA_ARGS__};                \
                                                                                    \
		return scenarios_run(rows, sizeof rows / sizeof *rows, argc, argv); \
	}

#endif
