/* A program that uses signals itself, above all the one that asks for dumps: whatever it sets,
 * blocks, waits for or asks, it must see what it would see alone. One scenario per run, named by
 * the argument; without one it lists them. Prints facts that do not vary.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <poll.h>

#include "tell.h"

/* sigset and its kin are old, and still what some programs call. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static volatile sig_atomic_t caught, caught_value;

static void count(int number)
{
	(void)number;
	caught++;
}

static void count_other(int number)
{
	(void)number;
	caught += 100;
}

static void count_info(int number, siginfo_t *info, void *context)
{
	caught++;
	caught_value = info->si_value.sival_int;
	tell("signal %d, code %d, own pid %d, context %d", number, info->si_code,
		info->si_pid == getpid(), context != NULL);
}

static void tell_mask(const char *what, const sigset_t *set)
{
	char members[400] = "";
	size_t used = 0;

	for (int i = 1; i <= 64; i++)
		if (sigismember(set, i) == 1)
			used += (size_t)snprintf(members + used, sizeof(members) - used, " %d", i);
	tell("%s:%s", what, used ? members : " none");
}

static const char *handler_name(const struct sigaction *action)
{
	if (action->sa_flags & SA_SIGINFO)
		return action->sa_sigaction == count_info ? "count_info" : "unknown";
	if (action->sa_handler == SIG_DFL)
		return "SIG_DFL";
	if (action->sa_handler == SIG_IGN)
		return "SIG_IGN";
	return action->sa_handler == count         ? "count"
	       : action->sa_handler == count_other ? "count_other"
						   : "unknown";
}

static void tell_action(const char *what, const struct sigaction *action)
{
	tell("%s: %s, flags %#x", what, handler_name(action), (unsigned)action->sa_flags);
	tell_mask("  its mask", &action->sa_mask);
}

static void ask(int number)
{
	struct sigaction action;
	char what[40];

	memset(&action, 0x5a, sizeof(action));
	errno = ERRNO_SENTINEL;
	int result = sigaction(number, NULL, &action);
	snprintf(what, sizeof(what), "signal %d: %d, errno %s", number, result, errno_name(errno));
	if (result)
		tell("%s", what);
	else
		tell_action(what, &action);
}

static void set(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	errno = ERRNO_SENTINEL;
	int result = sigaction(number, &action, &old);
	tell("sigaction: %d, errno %s", result, errno_name(errno));
	if (!result)
		tell_action("before", &old);
}

static void hit(const char *what)
{
	caught = 0;
	raise(SIGUSR2);
	tell("%s: caught %d", what, (int)caught);
}

static void query(void)
{
	for (int i = -1; i <= 66; i++)
		ask(i);
}

static void handler(void)
{
	set(SIGUSR2, count, 0);
	hit("own handler");
	ask(SIGUSR2);
	set(SIGUSR2, count_other, SA_RESTART | SA_NODEFER);
	hit("second handler");
	ask(SIGUSR2);
}

static void siginfo(void)
{
	struct sigaction action = {.sa_sigaction = count_info, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR2, &action, NULL);
	hit("raise");
	sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 42});
	tell("value %d", (int)caught_value);
	kill(getpid(), SIGUSR2);
	pthread_kill(pthread_self(), SIGUSR2);
	ask(SIGUSR2);
}

static void reset_hand(void)
{
	set(SIGUSR2, count, (int)SA_RESETHAND);
	hit("once");
	ask(SIGUSR2);
}

/* The second signal must kill, as it would without us. */
static void reset_hand_twice(void)
{
	set(SIGUSR2, count, (int)SA_RESETHAND);
	hit("once");
	hit("twice");
}

static void ignored(void)
{
	tell("signal: %d", signal(SIGUSR2, SIG_IGN) == SIG_DFL);
	hit("ignored");
	ask(SIGUSR2);
	tell("signal again: %d", signal(SIGUSR2, count) == SIG_IGN);
	hit("then handled");
}

static void blocked(void)
{
	sigset_t mask, old, pending;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	tell("sigprocmask: %d", sigprocmask(SIG_BLOCK, &mask, &old));
	tell_mask("old mask", &old);
	hit("blocked");
	sigpending(&pending);
	tell_mask("pending", &pending);
	set(SIGUSR2, count, 0);
	sigprocmask(SIG_SETMASK, &old, &mask);
	tell_mask("mask before", &mask);
	tell("delivered: %d", (int)caught);
}

static void block_for_wait(sigset_t *mask)
{
	sigemptyset(mask);
	sigaddset(mask, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, mask, NULL);
	raise(SIGUSR2);
}

static void waited(void)
{
	const struct timespec soon = {1, 0};
	siginfo_t info;
	sigset_t mask;
	int number = 0;

	block_for_wait(&mask);
	int error = sigwait(&mask, &number);
	tell("sigwait: %d, signal %d", error, number);
	raise(SIGUSR2);
	tell("sigwaitinfo: %d", sigwaitinfo(&mask, &info));
	tell("its pid: %d", info.si_pid == getpid());
	raise(SIGUSR2);
	tell("sigtimedwait: %d", sigtimedwait(&mask, &info, &soon));
	const struct timespec now = {0, 1000};
	errno = ERRNO_SENTINEL;
	int result = sigtimedwait(&mask, &info, &now);
	tell("sigtimedwait of nothing: %d, errno %s", result, errno_name(errno));
}

static void descriptor(void)
{
	struct signalfd_siginfo info = {0};
	sigset_t mask;

	block_for_wait(&mask);
	int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	tell("poll: %d", poll(&waiting, 1, 1000));
	tell("read: %zd, signal %u", read(fd, &info, sizeof(info)), info.ssi_signo);
	errno = ERRNO_SENTINEL;
	ssize_t got = read(fd, &info, sizeof(info));
	tell("read again: %zd, errno %s", got, errno_name(errno));
}

static void suspended(void)
{
	sigset_t mask, none;

	set(SIGUSR2, count, 0);
	block_for_wait(&mask);
	sigemptyset(&none);
	caught = 0;
	errno = ERRNO_SENTINEL;
	int result = sigsuspend(&none);
	tell("sigsuspend: %d, errno %s, caught %d", result, errno_name(errno), (int)caught);
}

typedef void (*handler_function)(int);
extern handler_function bsd_signal(int, handler_function);
extern handler_function __sysv_signal(int, handler_function);

static const char *function_name(handler_function function)
{
	const struct sigaction action = {.sa_handler = function};

	return function == SIG_ERR    ? "SIG_ERR"
	       : function == SIG_HOLD ? "SIG_HOLD"
				      : handler_name(&action);
}

static void relations(void)
{
	static const struct {
		const char *name;
		handler_function (*set)(int, handler_function);
	} functions[] = {{"signal", signal}, {"bsd_signal", bsd_signal},
		{"sysv_signal", sysv_signal}, {"ssignal", ssignal}, {"sigset", sigset}};
	static const handler_function handlers[] = {count, count_other, SIG_IGN, count};
	static const int numbers[] = {
		SIGUSR1, SIGUSR2, SIGURG, SIGKILL, SIGSTOP, 0, -1, 32, 33, 65, 1000};

	for (size_t f = 0; f < COUNT(functions); f++) {
		for (size_t n = 0; n < COUNT(numbers); n++) {
			for (size_t h = 0; h < COUNT(handlers); h++) {
				errno = ERRNO_SENTINEL;
				handler_function old = functions[f].set(numbers[n], handlers[h]);
				tell("%s(%d): %s, errno %s", functions[f].name, numbers[n],
					function_name(old), errno_name(errno));
			}
			ask(numbers[n]);
		}
		hit(functions[f].name);
	}
}

static void holding(void)
{
	set(SIGUSR2, count, 0);
	caught = 0;
	tell("sighold: %d", sighold(SIGUSR2));
	raise(SIGUSR2);
	tell("held: %d", (int)caught);
	tell("sigrelse: %d", sigrelse(SIGUSR2));
	tell("released: %d", (int)caught);
	tell("sigset hold: %s", function_name(sigset(SIGUSR2, SIG_HOLD)));
	tell("sigset again: %s", function_name(sigset(SIGUSR2, count_other)));
	hit("after sigset");
	tell("sigignore: %d", sigignore(SIGUSR2));
	hit("after sigignore");
	ask(SIGUSR2);
}

static volatile sig_atomic_t read_ended;

/* Until the read has ended: a signal may come before it has begun. */
static void *raise_often(void *main_thread)
{
	const struct timespec pause = {0, 20000000};

	while (!read_ended) {
		nanosleep(&pause, NULL);
		pthread_kill(*(pthread_t *)main_thread, SIGUSR2);
	}
	return NULL;
}

/* A slow read on an empty pipe is interrupted exactly where the program's own flags say so. */
static void interrupted(void)
{
	pthread_t self = pthread_self(), other;
	int ends[2];
	char byte;

	(void)!pipe(ends);
	set(SIGUSR2, count, SA_RESTART);
	errno = ERRNO_SENTINEL;
	tell("siginterrupt: %d", siginterrupt(SIGUSR2, 1));
	ask(SIGUSR2);
	caught = 0;
	pthread_create(&other, NULL, raise_often, &self);
	errno = ERRNO_SENTINEL;
	ssize_t got = read(ends[0], &byte, 1);
	tell("read: %zd, errno %s", got, errno_name(errno));
	read_ended = 1;
	pthread_join(other, NULL);
	tell("siginterrupt back: %d", siginterrupt(SIGUSR2, 0));
	ask(SIGUSR2);
	errno = ERRNO_SENTINEL;
	int result = siginterrupt(1000, 1);
	tell("siginterrupt of no signal: %d, errno %s", result, errno_name(errno));
}

static void real_time(void)
{
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
		struct sigaction action = {.sa_sigaction = count_info, .sa_flags = SA_SIGINFO}, old;

		sigaction(number, &action, &old);
		tell_action("before", &old);
		caught = 0;
		sigqueue(getpid(), number, (union sigval){.sival_int = number});
		tell("signal %d: caught %d, value %d", number, (int)caught, (int)caught_value);
		ask(number);
		signal(number, SIG_IGN);
		raise(number);
	}
}

static void tell_own_mask(int number)
{
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	tell("in the handler of %d", number);
	tell_mask("  mask", &mask);
}

static void masks(void)
{
	struct sigaction action = {.sa_handler = tell_own_mask};

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	sigfillset(&action.sa_mask);
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	tell_own_mask(0);
}

static char alternate[65536];

static void tell_stack(int number)
{
	char here;

	tell("signal %d on the %s stack", number,
		&here >= alternate && &here < alternate + sizeof(alternate) ? "alternate"
									    : "usual");
}

static void on_stack(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;
	struct sigaction action = {.sa_handler = tell_stack, .sa_flags = SA_ONSTACK};

	tell("sigaltstack: %d", sigaltstack(&stack, &old));
	tell("before: flags %d, size %zu", old.ss_flags, old.ss_size);
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	action.sa_flags = 0;
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, &old);
	tell("its own again: %d", old.ss_sp == alternate);
}

static void inherited(void)
{
	int status;

	ask(SIGUSR2);
	set(SIGUSR2, count, SA_RESTART);
	pid_t child = fork();
	if (!child) {
		ask(SIGUSR2);
		hit("in the child");
		_exit(0);
	}
	waitpid(child, &status, 0);
	tell("child: %d", status);
	hit("in the parent");
}

/* A default that the program sets itself is its own wish: the signal must kill. */
static void own_default(void)
{
	set(SIGUSR2, SIG_DFL, 0);
	ask(SIGUSR2);
	hit("own default");
}

/* SIG_IGN and the mask go through exec; a handler does not. */
static void executed(void)
{
	sigset_t mask;

	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN + 5);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	execl("/proc/self/exe", "signals", "started", NULL);
}

/* What a program finds that was started with signals ignored, blocked or pending. */
static void started(void)
{
	sigset_t mask, pending;

	ask(SIGUSR2);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	tell_mask("mask", &mask);
	sigpending(&pending);
	tell_mask("pending", &pending);
	if (sigismember(&mask, SIGUSR2) || signal(SIGUSR2, SIG_IGN) == SIG_IGN)
		hit("as started");
}

static void *threads_hit(void *unused)
{
	raise(SIGUSR2);
	return unused;
}

static void threads(void)
{
	pthread_t thread;

	set(SIGUSR2, count, 0);
	caught = 0;
	for (int i = 0; i < 20; i++) {
		pthread_create(&thread, NULL, threads_hit, NULL);
		pthread_join(thread, NULL);
	}
	tell("caught %d", (int)caught);
}

static void neighbours(void)
{
	static const int numbers[] = {
		SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE, SIGURG, SIGPROF, SIGSEGV, SIGTERM};
	struct itimerval timer = {.it_value = {.tv_usec = 1000}};

	for (size_t i = 0; i < COUNT(numbers); i++) {
		set(numbers[i], count, 0);
		caught = 0;
		raise(numbers[i]);
		tell("caught %d", (int)caught);
	}
	caught = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	while (!caught)
		pause();
	tell("alarm");
}

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {{"query", query}, {"handler", handler}, {"siginfo", siginfo},
	{"reset_hand", reset_hand}, {"reset_hand_twice", reset_hand_twice}, {"ignored", ignored},
	{"blocked", blocked}, {"waited", waited}, {"descriptor", descriptor},
	{"suspended", suspended}, {"relations", relations}, {"holding", holding},
	{"interrupted", interrupted}, {"real_time", real_time}, {"masks", masks},
	{"on_stack", on_stack}, {"inherited", inherited}, {"own_default", own_default},
	{"executed", executed}, {"threads", threads}, {"neighbours", neighbours},
	{"started", started}};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		if (argc < 2)
			tell("%s", scenarios[i].name);
		else if (!strcmp(argv[1], scenarios[i].name))
			scenarios[i].run();
	}
	return 0;
}
