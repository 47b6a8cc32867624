/* spend.c - runs a program and writes down what it and all its descendants spent.
 *
 *    spend RESULT SECONDS TIMES [NAME=VALUE]... PROGRAM [ARGUMENT]...
 *
 * Runs PROGRAM so many times, one after the other, each for SECONDS at most, with the environment
 * as given. RESULT gets a line of JSON for each run. Standard input, output and errors are the
 * program's.
 *
 * A program of its own, and a small one: what a process was before exec counts in its ru_maxrss,
 * so children of a script would begin with the memory of the interpreter. */
#include "family.h"

#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A look at a process takes some 20 us; peaks of real programs last longer than this. */
enum { LOOK_NS = 10 * 1000 * 1000 };

struct spent {
	int status;
	bool out_of_time;
	double wall_s;
	long tree_kib;
	struct rusage before, after;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static _Noreturn void become(char **argv)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (; *argv && strchr(*argv, '='); argv++)
		putenv(*argv);
	if (*argv)
		execvp(*argv, argv);
	error(127, errno, "%s", *argv ? *argv : "no program");
	abort();
}

/* Reaps what has ended; whether the program itself is among them. */
static bool reap(pid_t pid, struct spent *spent)
{
	int status;
	pid_t ended;
	bool it = false;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
		if (ended == pid) {
			spent->status = status;
			it = true;
		}
	}
	return it;
}

/* Until the program has ended, with looks at its family in between. */
static void watch(pid_t pid, double limit_s, struct spent *spent)
{
	const struct timespec look = {0, LOOK_NS};
	double start = now_s();
	sigset_t child;
	long kib;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!reap(pid, spent)) {
		sigtimedwait(&child, NULL, &look);
		kib = family_kib(pid);
		if (kib > spent->tree_kib)
			spent->tree_kib = kib;
		if (now_s() - start > limit_s && !spent->out_of_time) {
			spent->out_of_time = true;
			family_kill(pid);
		}
	}
	spent->wall_s = now_s() - start;
}

/* What the program left running is ours (PR_SET_CHILD_SUBREAPER); it counts, too. */
static void wait_for_orphans(double limit_s)
{
	double start = now_s();

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		if (now_s() - start > limit_s)
			family_kill(getpid());
		usleep(1000);
	}
}

static void run(char **argv, double limit_s, struct spent *spent)
{
	pid_t pid;

	getrusage(RUSAGE_CHILDREN, &spent->before);
	pid = fork();
	if (pid < 0)
		error(1, errno, "fork");
	if (!pid)
		become(argv);
	watch(pid, limit_s, spent);
	wait_for_orphans(limit_s);
	getrusage(RUSAGE_CHILDREN, &spent->after);
}

/* ru_maxrss is of the largest process ever, and exact; the sum over the family is sampled. */
static void write_down(FILE *file, const struct spent *spent)
{
	long largest = spent->after.ru_maxrss;

	fprintf(file,
		"{\"status\": %d, \"out_of_time\": %s, \"wall_s\": %.6f, \"user_s\": %.6f, "
		"\"system_s\": %.6f, \"largest_kib\": %ld, \"tree_kib\": %ld}\n",
		spent->status, spent->out_of_time ? "true" : "false", spent->wall_s,
		seconds(spent->after.ru_utime) - seconds(spent->before.ru_utime),
		seconds(spent->after.ru_stime) - seconds(spent->before.ru_stime), largest,
		spent->tree_kib > largest ? spent->tree_kib : largest);
}

int main(int argc, char **argv)
{
	sigset_t child;
	FILE *file;

	if (argc < 5)
		error(2, 0, "RESULT SECONDS TIMES [NAME=VALUE]... PROGRAM [ARGUMENT]...");
	file = fopen(argv[1], "we");
	if (!file)
		error(1, errno, "%s", argv[1]);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Who stops the benchmark does not want the rest of it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < atoi(argv[3]); i++) {
		struct spent spent = {0};

		run(argv + 4, atof(argv[2]), &spent);
		write_down(file, &spent);
	}
	return fclose(file) ? 1 : 0;
}
