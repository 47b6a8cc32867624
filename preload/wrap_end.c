/* wrap_end.c - the ways out of a program: ends, and other programs in its place.
 *
 * These may run in a vfork child, in its parent's memory: nothing here allocates but on the stack,
 * and nothing is recorded. */
#include "heirs.h"
#include "life.h"
#include "testament.h"
#include "wrap.h"

#include <alloca.h>
#include <stdarg.h>
#include <unistd.h>

/* The environment for the next program, on the caller's stack. */
#define ENVIRONMENT(given)                                                          \
	(heirs_disinherit() ? heirs_environment((given), alloca(heirs_size(given))) \
			    : (char **)(given))

/* The same when this process is about to become that program, which it does unless it returns. */
#define LEAVING(given) (testament_leave(), ENVIRONMENT(given))

static int returned(int result)
{
	testament_stay();
	return result;
}

WRAPPER __attribute__((noreturn)) void _exit(int status)
{
	life_end();
	REAL(_exit)(status);
	__builtin_unreachable();
}

WRAPPER __attribute__((noreturn)) void _Exit(int status)
{
	life_end();
	REAL(_Exit)(status);
	__builtin_unreachable();
}

WRAPPER __attribute__((noreturn)) void quick_exit(int status)
{
	life_end();
	REAL(quick_exit)(status);
	__builtin_unreachable();
}

WRAPPER __attribute__((noreturn)) void abort(void)
{
	life_abort();
	REAL(abort)();
	__builtin_unreachable();
}

WRAPPER int execve(const char *path, char *const argv[], char *const envp[])
{
	return returned(REAL(execve)(path, argv, LEAVING(envp)));
}

WRAPPER int execv(const char *path, char *const argv[])
{
	return returned(REAL(execve)(path, argv, LEAVING(environ)));
}

WRAPPER int execvp(const char *file, char *const argv[])
{
	return returned(REAL(execvpe)(file, argv, LEAVING(environ)));
}

WRAPPER int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return returned(REAL(execvpe)(file, argv, LEAVING(envp)));
}

WRAPPER int execveat(
	int directory, const char *path, char *const argv[], char *const envp[], int flags)
{
	return returned(REAL(execveat)(directory, path, argv, LEAVING(envp), flags));
}

WRAPPER int fexecve(int fd, char *const argv[], char *const envp[])
{
	return returned(REAL(fexecve)(fd, argv, LEAVING(envp)));
}

/* How many arguments follow the first, without the NULL that ends them. */
static size_t count_arguments(va_list *list)
{
	size_t count = 0;

	while (va_arg(*list, char *))
		count++;
	return count;
}

/* argv[0] and the list, NULL included. */
static void take_arguments(char **argv, const char *first, size_t count, va_list *list)
{
	argv[0] = (char *)first;
	for (size_t i = 1; i <= count + 1; i++)
		argv[i] = va_arg(*list, char *);
}

/* The arguments of execl and its kin, on the caller's stack; `list` stands behind them then. */
#define ARGUMENTS(argv, list, first)                           \
	do {                                                   \
		size_t count;                                  \
                                                               \
		va_start(list, first);                         \
		count = count_arguments(&(list));              \
		va_end(list);                                  \
		(argv) = alloca((count + 2) * sizeof *(argv)); \
		va_start(list, first);                         \
		take_arguments(argv, first, count, &(list));   \
	} while (0)

WRAPPER int execl(const char *path, const char *argument, ...)
{
	char **argv;
	va_list list;

	ARGUMENTS(argv, list, argument);
	va_end(list);
	return returned(REAL(execve)(path, argv, LEAVING(environ)));
}

WRAPPER int execlp(const char *file, const char *argument, ...)
{
	char **argv;
	va_list list;

	ARGUMENTS(argv, list, argument);
	va_end(list);
	return returned(REAL(execvpe)(file, argv, LEAVING(environ)));
}

WRAPPER int execle(const char *path, const char *argument, ...)
{
	char **argv, **envp;
	va_list list;

	ARGUMENTS(argv, list, argument);
	envp = va_arg(list, char **);
	va_end(list);
	return returned(REAL(execve)(path, argv, LEAVING(envp)));
}

WRAPPER int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return REAL(posix_spawn)(pid, path, actions, attributes, argv, ENVIRONMENT(envp));
}

WRAPPER int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return REAL(posix_spawnp)(pid, file, actions, attributes, argv, ENVIRONMENT(envp));
}
