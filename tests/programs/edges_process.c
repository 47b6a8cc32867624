/* fork, vfork, posix_spawn, clone and the exec family, at their edges. Tells facts that
 * do not vary, so that a plain run and one under the shim must print the same.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

extern char **environ;
static char self[4096];

/* What a program that was executed sees: its arguments and its environment, but for what the
 * loader and the shim are told. */
static int be_child(int argc, char **argv)
{
	char line[800] = "";
	size_t used = 0;

	for (int i = 2; i < argc; i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, " %s", argv[i]);
	for (char **entry = environ; *entry; entry++)
		if (!strncmp(*entry, "EDGE", 4))
			used += (size_t)snprintf(line + used, sizeof(line) - used, " %s", *entry);
	free(malloc(1000));
	tell("child:%s", line);
	return 17;
}

static char *const arguments[] = {self, "child", "one", "two words", "", NULL};
static char *const environment[] = {"EDGE=own", "EDGE_TWO=", NULL};

static void do_execl(void)
{
	execl(self, self, "child", "execl", NULL);
}

static void do_execle(void)
{
	execle(self, self, "child", "execle", NULL, environment);
}

static void do_execlp(void)
{
	execlp(self, self, "child", "execlp", NULL);
}

static void do_execv(void)
{
	execv(self, arguments);
}

static void do_execve(void)
{
	execve(self, arguments, environment);
}

static void do_execvp(void)
{
	execvp(self, arguments);
}

static void do_execvpe(void)
{
	execvpe(self, arguments, environment);
}

static void do_fexecve(void)
{
	fexecve(open(self, O_RDONLY | O_CLOEXEC), arguments, environment);
}

static void do_execveat(void)
{
	execveat(AT_FDCWD, self, arguments, environment, 0);
}

static void do_empty_environment(void)
{
	char *const none[] = {NULL};

	execve(self, arguments, none);
}

static void do_missing(void)
{
	execv("/no/such/program", arguments);
}

static void do_missing_in_path(void)
{
	execvp("no-such-program-anywhere", arguments);
}

static void do_directory(void)
{
	execv("/tmp", arguments);
}

static void do_not_executable(void)
{
	execv("/etc/passwd", arguments);
}

static void do_null(void)
{
	execv("", arguments);
}

static void do_too_big(void)
{
	static char *big[5000];
	static char text[131000];

	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < COUNT(big) - 1; i++)
		big[i] = text;
	execv(self, big);
}

static const struct act execs[] = {{"execl", do_execl}, {"execle", do_execle},
	{"execlp", do_execlp}, {"execv", do_execv}, {"execve", do_execve}, {"execvp", do_execvp},
	{"execvpe", do_execvpe}, {"fexecve", do_fexecve}, {"execveat", do_execveat},
	{"empty environment", do_empty_environment}, {"missing", do_missing},
	{"missing in PATH", do_missing_in_path}, {"directory", do_directory},
	{"not executable", do_not_executable}, {"empty name", do_null}, {"too big", do_too_big}};

static void try_execs(void)
{
	for (size_t i = 0; i < COUNT(execs); i++)
		in_child("fork", &execs[i], fork());
}

/* vfork by its rules: the child does nothing but execute or _exit. */
static void try_vfork(void)
{
	volatile int shared = 1;
	pid_t child = vfork();

	if (!child) {
		shared = 2;
		execv(self, arguments);
		_exit(41);
	}
	tell_status("vfork and execv", child);
	tell("vfork shares memory: %d", shared);
	child = vfork();
	if (!child)
		_exit(42);
	tell_status("vfork and _exit", child);
	child = vfork();
	if (!child) {
		execv("/no/such/program", arguments);
		_exit(errno == ENOENT ? 43 : 44);
	}
	tell_status("vfork and a missing program", child);
	free(malloc(100));
}

static void try_spawn(void)
{
	static const char *const names[] = {self, "/no/such/program", "/etc/passwd"};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 1, 5);
	posix_spawnattr_init(&attributes);
	sigfillset(&all);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	for (size_t i = 0; i < COUNT(names); i++) {
		errno = ERRNO_SENTINEL;
		int error = posix_spawn(
			&child, names[i], &actions, &attributes, arguments, environment);
		const char *after = errno_name(errno);
		tell_status("posix_spawn", error ? -1 : child);
		tell("posix_spawn %zu: %s, errno %s", i, errno_name(error), after);
		error = posix_spawnp(&child, names[i], NULL, NULL, arguments, environment);
		tell_status("posix_spawnp", error ? -1 : child);
		tell("posix_spawnp %zu: %s", i, errno_name(error));
	}
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
}

static void try_shell(void)
{
	char text[100] = "";

	tell("system: %d", WEXITSTATUS(system("exit 9")));
	FILE *pipe = popen("echo from a shell", "r");
	(void)!fgets(text, sizeof(text), pipe);
	text[strcspn(text, "\n")] = 0;
	tell("popen: %s, status %d", text, pclose(pipe));
}

/* Blocks made before a fork are released on both sides; the child's memory is its own. */
static void try_fork_memory(void)
{
	char *before[100];

	for (int i = 0; i < 100; i++)
		before[i] = memset(malloc(1000), 'p', 1000);
	pid_t child = fork();
	if (!child) {
		for (int i = 0; i < 100; i++) {
			memset(before[i], 'c', 1000);
			free(before[i]);
		}
		free(realloc(malloc(100), 100000));
		exit(61);
	}
	tell_status("fork with blocks", child);
	bool kept = true;
	for (int i = 0; i < 100; i++) {
		kept = kept && *before[i] == 'p';
		free(before[i]);
	}
	tell("the parent's blocks are %s", kept ? "kept" : "changed");
}

static void *exit_soon(void *unused)
{
	(void)unused;
	usleep(20000);
	free(malloc(100));
	exit(57);
}

static void *fork_in_thread(void *unused)
{
	pid_t child = fork();

	if (!child) {
		free(malloc(100));
		pthread_t thread;
		pthread_create(&thread, NULL, exit_soon, NULL);
		pthread_join(thread, NULL);
	}
	tell_status("fork in a thread", child);
	return unused;
}

static void before_fork(void)
{
	free(malloc(10));
	tell("prepare");
}

static void after_fork_parent(void)
{
	free(malloc(10));
}

static void after_fork_child(void)
{
	free(malloc(10));
	tell("child of fork");
}

static void try_forks(void)
{
	pthread_t thread;

	try_fork_memory();
	pthread_create(&thread, NULL, fork_in_thread, NULL);
	pthread_join(thread, NULL);
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
	pid_t child = fork();
	if (!child) {
		child = fork();
		if (!child)
			_exit(63);
		tell_status("grandchild", child);
		_exit(62);
	}
	tell_status("atfork handlers", child);
	child = (pid_t)syscall(SYS_fork);
	if (!child) {
		free(malloc(100));
		_exit(64);
	}
	tell_status("raw fork", child);
}

/* No process more: fork says EAGAIN and nothing is left locked. Root may go beyond the limit. */
static void try_no_fork(void)
{
	struct rlimit none = {0, 0};
	pid_t child = fork();

	if (!child) {
		(void)!setuid(65534);
		setrlimit(RLIMIT_NPROC, &none);
		errno = ERRNO_SENTINEL;
		pid_t second = fork();
		if (!second)
			_exit(0);
		tell("fork over the limit: %s, errno %s", second < 0 ? "refused" : "done",
			errno_name(errno));
		free(malloc(100));
		_exit(65);
	}
	tell_status("no fork", child);
}

static int run_clone(void *unused)
{
	(void)unused;
	free(malloc(300));
	return 66;
}

static void try_clone(void)
{
	char *stack =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	tell_status("clone", clone(run_clone, stack + (1 << 20), SIGCHLD, NULL));
	tell_status("clone, vfork and vm",
		clone(run_clone, stack + (1 << 20), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
	free(malloc(300));
	munmap(stack, 1 << 20);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "child"))
		return be_child(argc, argv);
	(void)!readlink("/proc/self/exe", self, sizeof(self) - 1);
	setenv("EDGE", "inherited", 1);
	try_execs();
	try_vfork();
	try_spawn();
	try_shell();
	try_forks();
	try_no_fork();
	try_clone();
	tell("end");
	return 7;
}
