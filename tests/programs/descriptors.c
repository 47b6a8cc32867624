/* Prints what a program can see of itself besides its memory: descriptors, signals, environment,
 * children, threads, limits, timers. Twice: at once, and after it was dumped (argument: wait so
 * many milliseconds between; a second one: also tell how the sleep ended).
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "tell.h"

extern char **environ;

static void tell_descriptors(void)
{
	char path[40];

	for (int fd = 0; fd < 4096; fd++) {
		int flags = fcntl(fd, F_GETFD);
		struct stat status;

		if (flags < 0)
			continue;
		fstat(fd, &status);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		tell("descriptor %d: flags %d, type %o", fd, flags, status.st_mode & S_IFMT);
	}
	int next = open("/dev/null", O_RDONLY), other = dup(next);
	tell("next descriptors: %d and %d", next, other);
	close(next);
	close(other);
}

static void tell_directory(const char *what, const char *path)
{
	DIR *directory = opendir(path);
	int entries = 0;

	while (directory && readdir(directory))
		entries++;
	if (directory)
		closedir(directory);
	tell("%s: %d", what, entries);
}

static void tell_signals(void)
{
	sigset_t mask, pending;
	struct sigaction action;
	stack_t stack;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigpending(&pending);
	for (int i = 1; i < 65; i++) {
		int error = sigaction(i, NULL, &action);

		tell("signal %d: %d %d blocked %d, pending %d, flags %#x", i, error,
			!error && action.sa_handler == SIG_DFL, sigismember(&mask, i),
			sigismember(&pending, i), error ? 0 : (unsigned)action.sa_flags);
	}
	sigaltstack(NULL, &stack);
	tell("alternate stack: flags %d, size %zu", stack.ss_flags, stack.ss_size);
}

static void tell_environment(void)
{
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, "LD_PRELOAD=", 11) && strncmp(*entry, "VMATLAS_", 8))
			tell("%s", *entry);
}

static void tell_limits(void)
{
	for (int i = 0; i < RLIMIT_NLIMITS; i++) {
		struct rlimit limit;

		getrlimit(i, &limit);
		tell("limit %d: %lu %lu", i, (unsigned long)limit.rlim_cur,
			(unsigned long)limit.rlim_max);
	}
}

static void tell_process(void)
{
	struct itimerval timer;
	char name[16], directory[200];
	int status;

	prctl(PR_GET_NAME, name);
	tell("name %s, directory %s", name,
		getcwd(directory, sizeof(directory)) ? "known" : "unknown");
	tell("umask %o, dumpable %d, death signal %d, seccomp %d, no new privileges %d", umask(022),
		prctl(PR_GET_DUMPABLE), prctl(PR_GET_PDEATHSIG, &status), prctl(PR_GET_SECCOMP),
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	tell("priority %d, subreaper %d", getpriority(PRIO_PROCESS, 0),
		prctl(PR_GET_CHILD_SUBREAPER, &status));
	for (int i = 0; i < 3; i++) {
		getitimer(i, &timer);
		tell("timer %d: %ld", i, timer.it_value.tv_sec + timer.it_value.tv_usec);
	}
	errno = ERRNO_SENTINEL;
	pid_t child = waitpid(-1, NULL, WNOHANG);
	tell("children: %d, errno %s", child, errno_name(errno));
}

static void tell_all(void)
{
	tell_descriptors();
	tell_directory("threads", "/proc/self/task");
	tell_directory("own timers", "/proc/self/timers");
	tell_signals();
	tell_environment();
	tell_limits();
	tell_process();
}

int main(int argc, char **argv)
{
	long wait_ms = argc > 1 ? atol(argv[1]) : 0;
	struct timespec left = {wait_ms / 1000, wait_ms % 1000 * 1000000};

	errno = ERRNO_SENTINEL;
	tell_all();
	errno = ERRNO_SENTINEL;
	int result = nanosleep(&left, &left);
	if (argc > 2)
		tell("nanosleep: %d, errno %s", result, errno_name(errno));
	while (result)
		result = nanosleep(&left, &left);
	tell_all();
	return 0;
}
