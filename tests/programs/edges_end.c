/* Every way in which a process ends, with handlers that allocate. Tells facts that do not vary, so
 * that a plain run and one under the shim must print the same.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "child.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void at_exit_tell(void)
{
	free(malloc(10000));
	tell("atexit handler");
}

static void at_exit_more(void)
{
	tell("atexit handler that adds one");
	atexit(at_exit_tell);
}

static void on_exit_tell(int status, void *argument)
{
	tell("on_exit handler: %d, %s", status, (char *)argument);
}

static void at_quick_exit_tell(void)
{
	free(malloc(10000));
	tell("at_quick_exit handler");
}

static void end_exit(void)
{
	exit(51);
}

static void end_exit_large(void)
{
	exit(0x1ff);
}

static void end_underscore(void)
{
	_exit(52);
}

static void end_capital(void)
{
	_Exit(53);
}

static void end_quick(void)
{
	quick_exit(54);
}

static void end_raw(void)
{
	syscall(SYS_exit_group, 55);
}

static void end_abort(void)
{
	abort();
}

static void end_kill(void)
{
	raise(SIGKILL);
}

static void end_term(void)
{
	raise(SIGTERM);
}

static void end_wild(void)
{
	*(volatile char *)8 = 1;
}

static void on_abort(int signal)
{
	tell("handler of signal %d", signal);
}

static void end_abort_caught(void)
{
	signal(SIGABRT, on_abort);
	abort();
}

static void on_term(int signal)
{
	(void)signal;
	exit(56);
}

static void end_exit_in_handler(void)
{
	signal(SIGTERM, on_term);
	raise(SIGTERM);
}

static void *sleep_and_exit(void *unused)
{
	(void)unused;
	usleep(20000);
	free(malloc(100));
	exit(57);
}

static void end_main_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleep_and_exit, NULL);
	pthread_exit(NULL);
}

static void end_last_thread(void)
{
	pthread_exit(NULL);
}

static void *allocate_on(void *unused)
{
	for (;;)
		free(malloc(50));
	return unused;
}

static void end_beside_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, allocate_on, NULL);
	usleep(5000);
	exit(58);
}

static void end_double_free(void)
{
	char *block = malloc(100);
	char *volatile again = block;

	dup2(open("/dev/null", O_WRONLY), 2);
	free(block);
	free(again);
	tell("a double free went unseen");
}

static void end_wild_free(void)
{
	static char text[64];
	static char *volatile wild = text + 8;

	dup2(open("/dev/null", O_WRONLY), 2);
	free(wild);
	tell("a wild free went unseen");
}

static const struct act ends[] = {{"exit", end_exit}, {"exit(0x1ff)", end_exit_large},
	{"_exit", end_underscore}, {"_Exit", end_capital}, {"quick_exit", end_quick},
	{"raw exit_group", end_raw}, {"abort", end_abort}, {"abort, caught", end_abort_caught},
	{"SIGKILL", end_kill}, {"SIGTERM", end_term}, {"wild write", end_wild},
	{"exit in a handler", end_exit_in_handler}, {"pthread_exit of main", end_main_thread},
	{"pthread_exit of the last thread", end_last_thread},
	{"exit beside threads", end_beside_threads}, {"double free", end_double_free},
	{"free of what is no block", end_wild_free}};

static void try_ends(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	atexit(at_exit_tell);
	atexit(at_exit_more);
	on_exit(on_exit_tell, "argument");
	at_quick_exit(at_quick_exit_tell);
	for (size_t i = 0; i < COUNT(ends); i++)
		in_child("end", &ends[i], fork());
}

/* Ends this very process in the way named, for the case that wants a report of each end. */
static void end_as(const char *name)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < COUNT(ends); i++)
		if (!strcmp(ends[i].name, name))
			ends[i].act();
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		end_as(argv[1]);
		return 60;
	}
	try_ends();
	tell("end");
	return 7;
}
