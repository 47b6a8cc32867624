/* Processes made by fork, in all its forms, while others allocate. */
#include "work.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

static int child_works(void)
{
	work(100);
	ask();
	return 7;
}

static void fork_and_reap(void)
{
	pid_t child = fork();

	must(child >= 0);
	if (!child)
		_exit(child_works());
	must(reap(child) == 7 << 8);
}

static void *fork_often(void *count)
{
	for (long i = 0; i < (long)count; i++) {
		work(10);
		fork_and_reap();
	}
	return NULL;
}

static volatile bool stop;

static void *allocate_on(void *unused)
{
	while (!stop)
		work(50);
	return unused;
}

/* Eight threads fork while eight others allocate. */
static void storm(void)
{
	pthread_t forking[8], allocating[8];

	for (int i = 0; i < 8; i++) {
		must(!pthread_create(&allocating[i], NULL, allocate_on, NULL));
		must(!pthread_create(&forking[i], NULL, fork_often, (void *)6));
	}
	for (int i = 0; i < 8; i++)
		pthread_join(forking[i], NULL);
	stop = true;
	for (int i = 0; i < 8; i++)
		pthread_join(allocating[i], NULL);
	tell("48 children of 8 threads");
}

static void *at_fork[3];
static unsigned prepared, parents;

static void prepare(void)
{
	prepared++;
	at_fork[0] = malloc(100);
	ask();
}

static void in_parent(void)
{
	parents++;
	free(at_fork[0]);
	at_fork[1] = realloc(at_fork[1], 10 + parents);
}

static void in_child(void)
{
	free(at_fork[0]);
	at_fork[2] = malloc(1000);
	ask();
}

static void handlers(void)
{
	pthread_t allocating;

	pthread_atfork(prepare, in_parent, in_child);
	pthread_create(&allocating, NULL, allocate_on, NULL);
	for (int i = 0; i < 30; i++)
		fork_and_reap();
	stop = true;
	pthread_join(allocating, NULL);
	tell("%u prepared, %u in the parent", prepared, parents);
}

/* A child that has threads and children of its own, six deep. */
static void generations_from(int depth)
{
	pthread_t thread;
	pid_t child = depth ? fork() : 0;

	if (depth && child) {
		must(reap(child) == depth << 8);
		return;
	}
	must(!pthread_create(&thread, NULL, fork_often, (void *)2));
	work(50);
	if (depth > 1)
		generations_from(depth - 1);
	pthread_join(thread, NULL);
	ask();
	if (depth)
		exit(depth);
}

static void generations(void)
{
	generations_from(6);
	tell("six generations");
}

/* The children of a loop of raw system calls: libc's handlers do not run. */
static pid_t fork_raw(void)
{
	return (pid_t)syscall(SYS_fork);
}

static pid_t clone_raw(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static pid_t clone3_raw(void)
{
	uint64_t arguments[11] = {[4] = SIGCHLD};

	return (pid_t)syscall(SYS_clone3, arguments, sizeof arguments);
}

static void raw(void)
{
	pid_t (*const ways[])(void) = {fork_raw, clone_raw, clone3_raw};

	for (int i = 0; i < 60; i++) {
		pid_t child = ways[i % 3]();

		must(child >= 0);
		if (!child)
			_exit(child_works());
		must(reap(child) == 7 << 8);
		work(20);
	}
	tell("60 raw children");
}

static int run_clone(void *block)
{
	ask();
	return block && *(char *)block == 5 ? 6 : 1;
}

/* Shares the memory but is another process, and may not even allocate; we must see that. */
static void shared_memory(void)
{
	char *stack =
		mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *block = malloc(100);

	*block = 5;
	for (int i = 0; i < 50; i++) {
		int flags = i % 2 ? CLONE_VM | CLONE_VFORK | SIGCHLD : CLONE_VM | SIGCHLD;
		pid_t child = clone(run_clone, stack + (1 << 16), flags, block);

		must(child > 0 && reap(child) == 6 << 8);
		work(20);
		ask();
	}
	tell("50 children in the same memory");
}

static void vforks(void)
{
	for (volatile int i = 0; i < 50; i++) {
		pid_t child = vfork();

		if (!child) {
			ask();
			if (i % 2)
				_exit(9);
			execl("/bin/true", "true", NULL);
			_exit(8);
		}
		must(reap(child) == (i % 2 ? 9 << 8 : 0));
		work(20);
	}
	tell("50 vfork children");
}

/* The daemon tells by a pipe that it works, allocates and can be asked. */
static void demon(void)
{
	int ends[2];
	char word[16] = "";

	must(!pipe(ends));
	if (!fork()) {
		must(!daemon(0, 0));
		work(1000);
		ask();
		work(1000);
		must(write(ends[1], "daemon", 7) == 7);
		_exit(0);
	}
	close(ends[1]);
	must(read(ends[0], word, sizeof word) == 7);
	while (wait(NULL) > 0)
		;
	tell("a %s", word);
}

/* Forked by a handler that interrupted an allocation; the child goes on where its parent was. */
static volatile sig_atomic_t forked;

static void fork_in_handler(int number)
{
	int error = errno;
	pid_t child = (pid_t)syscall(SYS_fork);

	(void)number;
	if (!child) {
		alarm(0);
		syscall(SYS_exit_group, 3);
	}
	must(reap(child) == 3 << 8);
	forked++;
	errno = error;
}

static void handlers_fork(void)
{
	struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
	timer_t timer;
	struct itimerspec each = {{0, 5000000}, {0, 5000000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	sigaction(SIGALRM, &action, NULL);
	must(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_settime(timer, 0, &each, NULL);
	while (forked < 50)
		work(50);
	timer_delete(timer);
	tell("50 forked in a handler");
}

/* The child returns into code that was in an allocation, and goes on allocating. */
static volatile sig_atomic_t is_child;

static void fork_and_return(int number)
{
	int error = errno;

	(void)number;
	if (!syscall(SYS_fork))
		is_child = 1;
	forked++;
	errno = error;
}

static void map_once(void)
{
	void *area = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(area, 8192);
}

static void returns_in_both(void)
{
	struct sigaction action = {.sa_handler = fork_and_return, .sa_flags = SA_RESTART};

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 30 && !is_child; i++) {
		pid_t self = getpid();
		pid_t helper = fork();

		if (!helper) {
			sleep_ms(i % 7);
			kill(self, SIGUSR1);
			_exit(0);
		}
		while (forked <= i && !is_child)
			map_once();
		if (!is_child) {
			must(wait(NULL) > 0);
			must(wait(NULL) > 0);
		}
	}
	if (is_child) {
		work(500);
		ask();
		_exit(0);
	}
	tell("%d went two ways", (int)forked);
}

SCENARIOS({"storm", storm}, {"handlers", handlers}, {"generations", generations}, {"raw", raw},
	{"shared_memory", shared_memory}, {"vforks", vforks}, {"demon", demon},
	{"handlers_fork", handlers_fork}, {"returns_in_both", returns_in_both})
