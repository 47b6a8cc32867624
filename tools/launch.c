#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What fork hands on to the program as it was: this process changes both for itself. */
struct inheritance {
	sigset_t mask;
	struct sigaction on_child;
};

/* All signals are taken by sigwaitinfo(2), not by handlers: it tells who sent them, takes those
 * that are ignored too (a blocked signal is never discarded), and interrupts nothing. SIGCHLD must
 * not be ignored, or the program's status is lost (waitpid(2)). */
static void take_signals(struct inheritance *inheritance)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &inheritance->mask);
	sigaction(SIGCHLD, &standard, &inheritance->on_child);
}

static void become(
	const char *path, char *const argv[], const struct inheritance *inheritance, int report)
{
	int error;

	sigaction(SIGCHLD, &inheritance->on_child, NULL);
	sigprocmask(SIG_SETMASK, &inheritance->mask, NULL);
	execvp(path, argv);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* The pipe closes without a word when exec succeeds. */
static int read_exec_error(int pipe)
{
	int error = 0;

	if (TEMP_FAILURE_RETRY(read(pipe, &error, sizeof(error))) != sizeof(error))
		error = 0;
	close(pipe);
	return error;
}

static int start(const char *path, char *const argv[], struct launch *launch)
{
	struct inheritance inheritance;
	int pipe[2], error;

	if (pipe2(pipe, O_CLOEXEC) != 0)
		return errno;
	take_signals(&inheritance);
	launch->pid = fork();
	if (launch->pid == 0)
		become(path, argv, &inheritance, pipe[1]);
	error = launch->pid < 0 ? errno : 0;
	close(pipe[1]);
	if (error) {
		close(pipe[0]);
		return error;
	}
	error = read_exec_error(pipe[0]);
	if (error)
		waitpid(launch->pid, &launch->status, 0);
	return error;
}

static bool is_terminal_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static bool is_in_foreground(void)
{
	int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool is = terminal >= 0 && tcgetpgrp(terminal) == getpgrp();

	if (terminal >= 0)
		close(terminal);
	return is;
}

/* A program that stops itself by SIGSTOP in the foreground must give the shell its prompt
 * back. One that somebody else stops so is somebody else's to continue: were we to stop too, nobody
 * would continue us. */
static void stop_like(int number)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, before;
	sigset_t set;

	if (!is_terminal_stop(number) && !is_in_foreground())
		return;
	sigemptyset(&set);
	sigaddset(&set, number);
	if (number != SIGSTOP)
		sigaction(number, &standard, &before);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (number != SIGSTOP)
		sigaction(number, &before, NULL);
}

/* What the child has been through since the last call. True when that was its end. */
static bool reap(struct launch *launch, bool *stopped)
{
	int status;

	while (waitpid(launch->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
		*stopped = WIFSTOPPED(status);
		if (*stopped) {
			stop_like(WSTOPSIG(status));
		} else if (!WIFCONTINUED(status)) {
			launch->status = status;
			return true;
		}
	}
	return false;
}

/* Signals that a terminal, or the end of a session, sends to a whole process group. Others that the
 * kernel sends are this process's alone: `alarm` set before exec, for one. */
static bool is_for_the_group(const siginfo_t *info)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};

	if (info->si_code != SI_KERNEL)
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (info->si_signo == numbers[i])
			return true;
	return false;
}

/* What the program sends to its parent, or to its whole group, is not sent back to it. */
static void pass_on(const struct launch *launch, const siginfo_t *info)
{
	if (is_for_the_group(info))
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(launch->pid, info->si_signo, info->si_value);
	else if (info->si_code != SI_USER || info->si_pid != launch->pid)
		kill(launch->pid, info->si_signo);
}

/* A group that is continued continues the program as well, and needs no second SIGCONT. */
static bool needs_passing(struct launch *launch, const siginfo_t *info, bool *ended, bool *stopped)
{
	if (info->si_signo == SIGCHLD)
		return false;
	if (info->si_signo != SIGCONT)
		return true;
	*ended = reap(launch, stopped);
	return !*ended && *stopped;
}

static void wait_for_end(struct launch *launch)
{
	bool ended = false, stopped = false;
	siginfo_t info;
	sigset_t all;

	sigfillset(&all);
	while (!ended && !reap(launch, &stopped)) {
		if (sigwaitinfo(&all, &info) < 0)
			continue;
		if (needs_passing(launch, &info, &ended, &stopped))
			pass_on(launch, &info);
	}
}

int launch_run(const char *path, char *const argv[], struct launch *launch)
{
	int error = start(path, argv, launch);

	if (!error)
		wait_for_end(launch);
	return error;
}

static void die_by(int number)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t set;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	sigaction(number, &standard, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void launch_end(const struct launch *launch)
{
	if (!WIFSIGNALED(launch->status))
		exit(WEXITSTATUS(launch->status));
	die_by(WTERMSIG(launch->status));
	/* Still here: what kills a program by default does not always kill an init (pid 1). */
	exit(128 + WTERMSIG(launch->status));
}
