/* Programs in place of others: chains, with and without the shim, with any environment. */
#include "work.h"

#include <pthread.h>
#include <spawn.h>

extern char **environ;
static char self[4096];

/* Each of the chain allocates, is asked, and is another program's successor. */
static void chain_of(int left)
{
	char number[16];

	work(100);
	ask();
	if (!left) {
		tell("the chain ends");
		_exit(0);
	}
	snprintf(number, sizeof number, "%d", left - 1);
	execl(self, self, "link", number, NULL);
	must(!"execl");
}

static void chain(void)
{
	chain_of(20);
}

static void *chain_in_thread(void *unused)
{
	chain_of(3);
	return unused;
}

static void *allocate_on(void *unused)
{
	for (;;)
		work(50);
	return unused;
}

/* Exec from a thread kills the others, wherever they are. */
static void beside_threads(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		pthread_t thread;

		if (child) {
			must(!reap(child));
			continue;
		}
		for (int at = 0; at < 4; at++)
			must(!pthread_create(&thread, NULL, allocate_on, NULL));
		must(!pthread_create(&thread, NULL, chain_in_thread, NULL));
		pthread_join(thread, NULL);
	}
}

static void tell_environment(const char *name)
{
	const char *value = getenv(name);

	tell("%s is %s", name, value ? value : "not set");
}

static void no_environment(void)
{
	char *const arguments[] = {self, "environment", NULL}, *const none[] = {NULL};

	work(10);
	execve(self, arguments, none);
}

static void cleared(void)
{
	clearenv();
	work(10);
	execl(self, self, "environment", NULL);
}

static void own_environment(void)
{
	char *const arguments[] = {self, "environment", NULL};
	char *const own[] = {"OWN=one", "LD_LIBRARY_PATH=/nowhere", NULL};

	execve(self, arguments, own);
}

static void *spawn_often(void *unused)
{
	char *const arguments[] = {"true", NULL};

	for (int i = 0; i < 10; i++) {
		pid_t child;

		must(!posix_spawnp(&child, "true", NULL, NULL, arguments, environ));
		must(!reap(child));
		work(20);
		ask();
	}
	return unused;
}

static void spawns(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], NULL, spawn_often, NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	tell("40 spawned");
}

static void shells(void)
{
	for (int i = 0; i < 10; i++) {
		FILE *pipe = popen("echo $((6 * 7))", "r");
		char line[16] = "";

		must(pipe && fgets(line, sizeof line, pipe) && !strcmp(line, "42\n"));
		must(!pclose(pipe));
		must(system("exit 5") == 5 << 8);
		ask();
	}
	tell("20 shells");
}

/* What the chain's programs, and those that an environment was made for, do instead of a scenario.
 */
__attribute__((constructor)) static void be_executed(int argc, char **argv)
{
	must(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	if (argc == 3 && !strcmp(argv[1], "link"))
		chain_of(atoi(argv[2]));
	if (argc != 2 || strcmp(argv[1], "environment"))
		return;
	work(100);
	tell_environment("OWN");
	tell_environment("HOME");
	exit(0);
}

SCENARIOS({"chain", chain}, {"beside_threads", beside_threads}, {"no_environment", no_environment},
	{"cleared", cleared}, {"own_environment", own_environment}, {"spawns", spawns},
	{"shells", shells})
