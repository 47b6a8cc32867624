/* Ends of every kind, in children, so that each end's status can be told; and ends beside others
 * that go on allocating. */
#include "work.h"

#include <pthread.h>
#include <sys/resource.h>

static void *allocate_on(void *unused)
{
	for (;;)
		work(50);
	return unused;
}

static void start_allocating(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		must(!pthread_create(&thread, NULL, allocate_on, NULL));
	sleep_ms(5);
}

static void tell_end(const char *what, int status)
{
	if (WIFSIGNALED(status))
		tell("%s: signal %d", what, WTERMSIG(status));
	else
		tell("%s: status %d", what, WEXITSTATUS(status));
}

static void no_core(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

/* Five times each: what interrupts what is a matter of luck. */
static void end_by(const char *what, void (*end)(void))
{
	for (int i = 0; i < 5; i++) {
		pid_t child = fork();

		if (!child) {
			no_core();
			start_allocating();
			end();
			_exit(90);
		}
		tell_end(what, reap(child));
	}
}

static void by_return(void)
{
	exit(11);
}

static void allocate_late(void)
{
	work(50);
	ask();
}

static void by_handlers(void)
{
	atexit(allocate_late);
	on_exit((void (*)(int, void *))(void *)allocate_late, NULL);
	exit(12);
}

static void by_quick_exit(void)
{
	at_quick_exit(allocate_late);
	quick_exit(13);
}

static void by_underscore(void)
{
	_exit(14);
}

static void by_raw_exit(void)
{
	syscall(SYS_exit_group, 15);
}

static void exit_in_handler(int number)
{
	exit(number);
}

/* The handler may have interrupted an allocation; what exit calls then must not wait for it. */
static void quit_in_handler(int number)
{
	_exit(number);
}

static void by_exit_in_handler(void)
{
	signal(SIGTERM, exit_in_handler);
	raise(SIGTERM);
}

static void by_quit_in_handler(void)
{
	signal(SIGALRM, quit_in_handler);
	ualarm(3000, 0);
	for (;;)
		work(10);
}

static void by_abort(void)
{
	abort();
}

static void by_null(void)
{
	*(volatile int *)NULL = 1;
}

static void by_division(void)
{
	volatile int zero = 0, many = 1234;

	zero = many / zero;
}

static void by_trap(void)
{
	__asm__ volatile("int3");
}

static void by_bad_instruction(void)
{
	__builtin_trap();
}

static char overflow(volatile char *before)
{
	volatile char room[4096];

	room[0] = *before;
	return overflow(room) + room[1];
}

static void by_overflow(void)
{
	volatile char first = 1;

	overflow(&first);
}

static void by_kill(void)
{
	kill(getpid(), SIGKILL);
}

static void by_term(void)
{
	kill(getpid(), SIGTERM);
	sleep(5);
}

static void by_alarm(void)
{
	ualarm(3000, 0);
	for (;;)
		work(10);
}

static void by_xcpu(void)
{
	raise(SIGXCPU);
}

static void by_pipe(void)
{
	int ends[2];

	must(!pipe(ends) && !close(ends[0]));
	(void)!write(ends[1], "", 1);
}

static void by_double_free(void)
{
	void *block = malloc(100000);

	close(2); /* glibc's message has an address */
	free(block);
	free(block);
}

static void *end_process(void *unused)
{
	work(100);
	exit(16);
	return unused;
}

static void by_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, end_process, NULL);
	for (;;)
		work(50);
}

/* Two at once: libc calls this undefined, and it must still come to an end. */
static void *quit(void *unused)
{
	_exit(17);
	return unused;
}

static void by_two(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, quit, NULL);
	_exit(17);
}

static void *last(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	work(200);
	ask();
	exit(18);
	return NULL;
}

static void by_pthread_exit(void)
{
	static pthread_t self;
	pthread_t thread;

	self = pthread_self();
	pthread_create(&thread, NULL, last, &self);
	pthread_exit(NULL);
}

#define END(name)                         \
	static void end_##name(void)      \
	{                                 \
		end_by(#name, by_##name); \
	}
END(return )
END(handlers)
END(quick_exit)
END(underscore)
END(raw_exit)
END(exit_in_handler)
END(quit_in_handler)
END(abort)
END(null)
END(division)
END(trap)
END(bad_instruction)
END(overflow)
END(kill)
END(term)
END(alarm)
END(xcpu)
END(pipe)
END(double_free)
END(a_thread)
END(two)
END(pthread_exit)

/* Of a pid namespace: what others send it by kill(2) does nothing, its own fault ends it. */
static void as_first(void)
{
	static const int sent[] = {SIGTERM, SIGALRM, SIGINT, SIGHUP, SIGSEGV, SIGABRT, SIGKILL};

	must(getpid() == 1);
	no_core();
	for (size_t i = 0; i < COUNT(sent); i++) {
		kill(1, sent[i]);
		free(malloc(100));
	}
	tell("still here");
	*(volatile int *)8 = 1;
}

SCENARIOS({"as_first", as_first}, {"return", end_return}, {"handlers", end_handlers},
	{"quick_exit", end_quick_exit}, {"underscore", end_underscore}, {"raw_exit", end_raw_exit},
	{"exit_in_handler", end_exit_in_handler}, {"quit_in_handler", end_quit_in_handler},
	{"abort", end_abort}, {"null", end_null}, {"division", end_division}, {"trap", end_trap},
	{"bad_instruction", end_bad_instruction}, {"overflow", end_overflow}, {"kill", end_kill},
	{"term", end_term}, {"alarm", end_alarm}, {"xcpu", end_xcpu}, {"pipe", end_pipe},
	{"double_free", end_double_free}, {"a_thread", end_a_thread}, {"two", end_two},
	{"pthread_exit", end_pthread_exit})
