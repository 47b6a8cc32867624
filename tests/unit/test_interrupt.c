/* test_interrupt.c - a handler of ours ends a wait, alone or beside one of the program's. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "interrupt.h"

/* What happens in our handler before it ends. */
static struct {
	int raise; /* a signal, or 0 */
	int ours, program;
} seen;

static void our_handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	seen.ours++;
	if (seen.raise)
		raise(seen.raise);
	interrupt_note(context);
}

static void program_handler(int signal)
{
	(void)signal;
	seen.program++;
}

static void handle(int signal, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigaction(signal, &action, NULL);
}

static int set_up(void **state)
{
	struct sigaction action = {
		.sa_sigaction = our_handler, .sa_flags = SA_SIGINFO | SA_RESTART};

	(void)state;
	memset(&seen, 0, sizeof seen);
	sigfillset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	handle(SIGUSR1, program_handler);
	interrupt_forget();
	return 0;
}

/* Returns the errno of a wait that an alarm ends. */
static int wait_for_alarm(void)
{
	struct itimerval soon = {.it_value = {0, 5000}};
	struct timespec wanted = {10, 0};

	setitimer(ITIMER_REAL, &soon, NULL);
	return nanosleep(&wanted, NULL) ? errno : 0;
}

static void our_handler_alone_is_ours(void **state)
{
	(void)state;
	assert_int_equal(wait_for_alarm(), EINTR);
	assert_int_equal(seen.ours, 1);
	assert_true(interrupt_ours(EINTR));
}

static void it_is_told_once(void **state)
{
	(void)state;
	wait_for_alarm();
	assert_true(interrupt_ours(EINTR));
	assert_false(interrupt_ours(EINTR));
}

static void another_error_is_not_ours(void **state)
{
	(void)state;
	wait_for_alarm();
	assert_false(interrupt_ours(EINVAL));
	assert_false(interrupt_ours(EINTR));
}

static void a_new_wait_forgets_the_last(void **state)
{
	(void)state;
	wait_for_alarm();
	interrupt_forget();
	assert_false(interrupt_ours(EINTR));
}

static void a_handler_of_the_program_is_next(void **state)
{
	(void)state;
	seen.raise = SIGUSR1;
	assert_int_equal(wait_for_alarm(), EINTR);
	assert_int_equal(seen.program, 1);
	assert_false(interrupt_ours(EINTR));
}

static void what_the_program_blocks_is_not_next(void **state)
{
	sigset_t set;

	(void)state;
	seen.raise = SIGUSR1;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(wait_for_alarm(), EINTR);
	assert_int_equal(seen.program, 0);
	assert_true(interrupt_ours(EINTR));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void what_the_program_ignores_is_not_next(void **state)
{
	(void)state;
	seen.raise = SIGUSR1;
	handle(SIGUSR1, SIG_IGN);
	assert_int_equal(wait_for_alarm(), EINTR);
	assert_true(interrupt_ours(EINTR));
}

/* SIGURG is ignored by default, but waits while all signals are blocked. */
static void what_has_no_handler_is_not_next(void **state)
{
	(void)state;
	seen.raise = SIGURG;
	assert_int_equal(wait_for_alarm(), EINTR);
	assert_true(interrupt_ours(EINTR));
}

/* The program's handler has ended the wait, and ours interrupts that handler. */
static void raise_ours(int signal)
{
	(void)signal;
	seen.program++;
	raise(SIGALRM);
}

static void in_a_handler_of_the_program_it_is_not_ours(void **state)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec soon = {.it_value = {0, 5000000}};
	struct timespec wanted = {10, 0};
	timer_t timer;

	(void)state;
	handle(SIGUSR1, raise_ours);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	timer_settime(timer, 0, &soon, NULL);
	assert_int_equal(nanosleep(&wanted, NULL), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(seen.program, 1);
	assert_int_equal(seen.ours, 1);
	assert_false(interrupt_ours(EINTR));
	timer_delete(timer);
}

static void outside_of_waits_nothing_is_noted(void **state)
{
	(void)state;
	raise(SIGALRM);
	assert_int_equal(seen.ours, 1);
	assert_false(interrupt_ours(EINTR));
}

/* Of a wait that ended although no handler ran in this thread. */
static bool ended_by_nothing(void (*alarm)(int), void (*own)(int))
{
	handle(SIGALRM, alarm);
	handle(SIGUSR1, own);
	return interrupt_ours(EINTR);
}

static void another_thread_made_the_dump(void **state)
{
	(void)state;
	interrupt_begin();
	assert_true(ended_by_nothing(SIG_DFL, SIG_IGN));
	interrupt_forget();
	assert_false(ended_by_nothing(SIG_DFL, SIG_IGN));
}

static void another_error_came_beside_it(void **state)
{
	(void)state;
	interrupt_begin();
	handle(SIGALRM, SIG_DFL);
	assert_false(interrupt_ours(EAGAIN));
}

/* A handler that leaves no word may have ended the wait; what faults ends none. */
static void a_handler_that_says_nothing_may_have_run(void **state)
{
	(void)state;
	interrupt_begin();
	assert_false(ended_by_nothing(SIG_DFL, program_handler));
	handle(SIGSEGV, program_handler);
	assert_true(ended_by_nothing(SIG_DFL, SIG_DFL));
	handle(SIGSEGV, SIG_DFL);
}

static void a_handler_that_left_word_has_run(void **state)
{
	(void)state;
	interrupt_begin();
	guard.handled = true;
	assert_false(ended_by_nothing(SIG_DFL, SIG_DFL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(our_handler_alone_is_ours, set_up),
		cmocka_unit_test_setup(it_is_told_once, set_up),
		cmocka_unit_test_setup(another_error_is_not_ours, set_up),
		cmocka_unit_test_setup(a_new_wait_forgets_the_last, set_up),
		cmocka_unit_test_setup(a_handler_of_the_program_is_next, set_up),
		cmocka_unit_test_setup(what_the_program_blocks_is_not_next, set_up),
		cmocka_unit_test_setup(what_the_program_ignores_is_not_next, set_up),
		cmocka_unit_test_setup(what_has_no_handler_is_not_next, set_up),
		cmocka_unit_test_setup(in_a_handler_of_the_program_it_is_not_ours, set_up),
		cmocka_unit_test_setup(outside_of_waits_nothing_is_noted, set_up),
		cmocka_unit_test_setup(another_thread_made_the_dump, set_up),
		cmocka_unit_test_setup(another_error_came_beside_it, set_up),
		cmocka_unit_test_setup(a_handler_that_says_nothing_may_have_run, set_up),
		cmocka_unit_test_setup(a_handler_that_left_word_has_run, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
