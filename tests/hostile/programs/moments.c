/* Dumps at awkward moments, beside a program that lives by signals itself. */
#include "work.h"

#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { WORK_MS = 700 };

static bool going(void)
{
	static uint64_t end;

	if (!end)
		end = now_ms() + WORK_MS;
	return now_ms() < end;
}

static void inside_malloc(void)
{
	while (going())
		work(200);
	tell("worked");
}

static void inside_big_blocks(void)
{
	while (going()) {
		char *block = malloc(200000);

		block[100000] = 1;
		block = realloc(block, 3000000);
		must(block[100000] == 1);
		free(block);
	}
	tell("big blocks");
}

static void inside_dlopen(void)
{
	while (going()) {
		void *library = dlopen("libm.so.6", RTLD_NOW),
		     *other = dlopen("libresolv.so.2", RTLD_LAZY);

		must(library && dlsym(library, "cos"));
		must(!dlopen("libnowhere.so", RTLD_NOW) && dlerror());
		if (other)
			dlclose(other);
		dlclose(library);
	}
	tell("opened and closed");
}

static void inside_mappings(void)
{
	while (going()) {
		char *whole = mmap(
			NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *area;

		must(whole != MAP_FAILED && !mprotect(whole + 4096, 4096, PROT_NONE));
		area = mremap(whole, 4096, 8192, MREMAP_MAYMOVE);
		must(area != MAP_FAILED);
		area[8191] = 1;
		must(!munmap(area, 8192) && !munmap(whole + 4096, 65536 - 4096));
		must(sbrk(4096) != (void *)-1 && sbrk(-4096) != (void *)-1);
	}
	tell("mapped");
}

static void inside_fork(void)
{
	while (going()) {
		pid_t child = fork();

		if (!child)
			_exit(4);
		must(reap(child) == 4 << 8);
	}
	tell("forked");
}

static void inside_exit(void)
{
	while (going()) {
		pid_t child = fork();

		if (!child) {
			free(malloc(10));
			exit(4);
		}
		must(reap(child) == 4 << 8);
	}
	tell("exited");
}

static void *start_and_join(void *unused)
{
	return unused;
}

static void inside_threads(void)
{
	while (going()) {
		pthread_t thread;

		must(!pthread_create(&thread, NULL, start_and_join, NULL));
		must(!pthread_join(thread, NULL));
	}
	tell("started and joined");
}

/* -- Beside the program's own signals --------------------------------------------------------- */

static volatile sig_atomic_t ticks;

static void tick(int number)
{
	(void)number;
	ticks++;
}

static void profile_every_ms(void)
{
	struct itimerval timer = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};

	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &timer, NULL);
}

static void profiled(void)
{
	profile_every_ms();
	while (going())
		work(200);
	tell("profiled: %s", ticks > 10 ? "many ticks" : "few ticks");
}

static void tick_and_ask(int number)
{
	ask();
	tick(number);
}

/* Nobody sends them but us, and we must not: with VMATLAS_INTERVAL a timer does. */
static void takes_all_signals(void)
{
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART}, former;

	sleep_ms(1100);
	sigaction(SIGUSR2, &action, NULL);
	sleep_ms(1100);
	for (int number = SIGRTMAX; number > SIGRTMAX - 4; number--) {
		must(!sigaction(number, &action, &former) && former.sa_handler == SIG_DFL);
		sleep_ms(300);
	}
	sleep_ms(1200);
	for (int number = SIGRTMAX - 4; number >= SIGRTMIN; number--)
		signal(number, tick);
	sleep_ms(1200);
	tell("%d signals", (int)ticks);
}

/* The size that programs gave alternate stacks for decades, with a hole below: a report inside a
 * handler there must fit on the rest. */
static void alternate_8k(void)
{
	enum { SIZE = 8192 };
	char *area = mmap(NULL, SIZE + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = area + 4096, .ss_size = SIZE};
	struct sigaction action = {.sa_handler = tick_and_ask, .sa_flags = SA_ONSTACK};

	must(!mprotect(stack.ss_sp, SIZE, PROT_READ | PROT_WRITE) && !sigaltstack(&stack, NULL));
	sigaction(SIGUSR1, &action, NULL);
	while (going()) {
		work(100);
		raise(SIGUSR1);
	}
	tell("%s", ticks ? "handled there" : "never");
}

/* As little as the kernel says that a handler needs, and 1 KiB for the handler itself: a report
 * that comes there, not within, has to do with that. */
static void alternate_least(void)
{
	size_t least = getauxval(AT_MINSIGSTKSZ), size = (least + 1024 + 15) & ~(size_t)15;
	char *area = mmap(NULL, 12288, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_size = size};
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_ONSTACK};

	must(size <= 8192 && !mprotect(area + 4096, 8192, PROT_READ | PROT_WRITE));
	memset(area + 4096, 0x5a, 8192 - size);
	stack.ss_sp = area + 12288 - size;
	must(!sigaltstack(&stack, NULL));
	sigfillset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	while (going()) {
		work(100);
		raise(SIGUSR1);
		ask();
	}
	for (size_t i = 0; i < 8192 - size; i++)
		must(area[4096 + i] == 0x5a);
	tell("%s", ticks ? "handled there, nothing written below" : "never");
}

/* Allocates in its handler, which interrupts nothing that allocates. */
static void allocate_in_handler(int number)
{
	(void)number;
	work(30);
	ask();
	ticks++;
}

static void allocating_handler(void)
{
	struct sigaction action = {.sa_handler = allocate_in_handler, .sa_flags = SA_NODEFER};
	volatile unsigned long spin = 0;

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 30; i++) {
		raise(SIGUSR1);
		while (++spin % 10000)
			;
	}
	tell("%d handled", (int)ticks);
}

/* Signals that wake a waiter must wake it, though a dump came at the same time. */
static pthread_t waiter;
static volatile bool over;

static void *wake_often(void *unused)
{
	for (int i = 0; !over; i++) {
		sleep_ms(3 + i % 5);
		pthread_kill(waiter, SIGUSR1);
	}
	return unused;
}

/* Each signal sets ticks; who sees none yet goes on waiting, which must end. */
static void wake(void (*wait_once)(const sigset_t *open), int count)
{
	sigset_t blocked, open;
	pthread_t thread;

	signal(SIGUSR1, tick);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, &open);
	waiter = pthread_self();
	pthread_create(&thread, NULL, wake_often, NULL);
	for (int i = 0; i < count; i++) {
		int before = ticks;

		while (ticks == before)
			wait_once(&open);
	}
	over = true;
	pthread_join(thread, NULL);
	tell("woken %d times", count);
}

static void suspend_once(const sigset_t *open)
{
	sigsuspend(open);
}

static void poll_once(const sigset_t *open)
{
	must(ppoll(NULL, 0, NULL, open) == -1 && errno == EINTR);
}

static void woken_in_sigsuspend(void)
{
	wake(suspend_once, 100);
}

static void woken_in_ppoll(void)
{
	wake(poll_once, 100);
}

/* One signal for each wait: none may be lost, or this waits for ever. */
static int told[2];

static void *wake_when_told(void *unused)
{
	char byte;

	while (read(told[0], &byte, 1) == 1) {
		sleep_ms(5);
		pthread_kill(waiter, SIGUSR1);
	}
	return unused;
}

static void wake_each_once(const struct sigaction *action)
{
	pthread_t thread;

	sigaction(SIGUSR1, action, NULL);
	waiter = pthread_self();
	must(!pipe(told));
	pthread_create(&thread, NULL, wake_when_told, NULL);
	for (int i = 0; i < 60; i++) {
		sigset_t blocked, open;

		sigemptyset(&blocked);
		sigaddset(&blocked, SIGUSR1);
		pthread_sigmask(SIG_BLOCK, &blocked, &open);
		must(write(told[1], "", 1) == 1);
		while (ticks == i)
			sigsuspend(&open);
		pthread_sigmask(SIG_SETMASK, &open, NULL);
	}
	close(told[1]);
	pthread_join(thread, NULL);
	tell("woken once each");
}

static void woken_once(void)
{
	struct sigaction action = {.sa_handler = tick};

	wake_each_once(&action);
}

/* It takes its time, and whoever would be asked meanwhile is asked when it returns. */
static void tick_slowly(int number)
{
	uint64_t begun = now_ms();

	tick(number);
	while (now_ms() - begun < 4)
		;
}

static void woken_by_a_slow_handler(void)
{
	struct sigaction action = {.sa_handler = tick_slowly};

	sigfillset(&action.sa_mask);
	wake_each_once(&action);
}

SCENARIOS({"inside_malloc", inside_malloc}, {"inside_big_blocks", inside_big_blocks},
	{"inside_dlopen", inside_dlopen}, {"inside_mappings", inside_mappings},
	{"inside_fork", inside_fork}, {"inside_exit", inside_exit},
	{"inside_threads", inside_threads}, {"profiled", profiled},
	{"takes_all_signals", takes_all_signals}, {"alternate_8k", alternate_8k},
	{"alternate_least", alternate_least}, {"allocating_handler", allocating_handler},
	{"woken_in_sigsuspend", woken_in_sigsuspend}, {"woken_in_ppoll", woken_in_ppoll},
	{"woken_once", woken_once}, {"woken_by_a_slow_handler", woken_by_a_slow_handler})
