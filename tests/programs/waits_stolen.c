/* Waits beside threads that take signals to the process away from the one that was woken for them:
 * each letting signals through again takes what is pending. Tells how many waits ended too early,
 * which without handlers is none; argument "handler": with one of the program's, that never runs.
 */
#include <pthread.h>

#include "waits.h"

enum { WAIT_MS = 25, ROUNDS = 20 };

static volatile bool over;

static void *steal(void *unused)
{
	sigset_t all, none;

	(void)unused;
	sigfillset(&all);
	sigemptyset(&none);
	while (!over) {
		pthread_sigmask(SIG_SETMASK, &all, NULL);
		pthread_sigmask(SIG_SETMASK, &none, NULL);
	}
	return NULL;
}

static void try_wait(const char *name)
{
	int early = 0;

	for (unsigned i = 0; i < COUNT(waits); i++) {
		if (strcmp(waits[i].name, name) != 0)
			continue;
		for (int round = 0; round < ROUNDS; round++)
			early += waits[i].call(WAIT_MS) == -1 && errno == EINTR;
	}
	tell("%s: %d of %d ended by nothing", name, early, ROUNDS);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"epoll_wait", "epoll_pwait", "semtimedop", "recv", "accept", "connect"};
	pthread_t thief[2];

	waits_prepare();
	if (argc > 1 && strcmp(argv[1], "handler") == 0)
		signal(SIGALRM, waits_handle);
	for (unsigned i = 0; i < COUNT(thief); i++)
		pthread_create(&thief[i], NULL, steal, NULL);
	for (unsigned i = 0; i < COUNT(names); i++)
		try_wait(names[i]);
	over = true;
	for (unsigned i = 0; i < COUNT(thief); i++)
		pthread_join(thief[i], NULL);
	waits_remove();
	return 0;
}
