/* Who is inside, and who has left without a word. */
#include "guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HERE ((uintptr_t)__builtin_frame_address(0))

static __attribute__((noinline)) bool closed_for_a_deeper_call(void)
{
	return guard_closed(HERE);
}

static __attribute__((noinline)) void close_it_deeper(void)
{
	volatile char room[100000];

	room[0] = room[99999] = 1;
	guard_close(HERE - sizeof room);
}

static void who_is_called_from_inside_is_inside(void **state)
{
	(void)state;
	assert_false(guard_closed(HERE));
	guard_close(HERE);
	assert_true(closed_for_a_deeper_call());
	guard_tracking();
	assert_true(closed_for_a_deeper_call());
	guard_open();
	assert_false(closed_for_a_deeper_call());
}

static void who_is_further_out_knows_that_it_was_left(void **state)
{
	(void)state;
	close_it_deeper();
	assert_false(guard_closed(HERE));
	guard_close(HERE);
	assert_false(guard_closed(HERE));
	guard_open();
}

static volatile bool closed_in_handler;

static void look(int signal)
{
	(void)signal;
	closed_in_handler = guard_closed(HERE);
}

/* Its addresses are higher than those of the frame that was interrupted. */
static void a_handler_on_the_alternate_stack_has_left_nobody(void **state)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, before;
	struct sigaction action = {.sa_handler = look, .sa_flags = SA_ONSTACK};

	(void)state;
	assert_int_equal(sigaltstack(&stack, &before), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	guard_close((uintptr_t)alternate - 1000);
	raise(SIGUSR1);
	assert_true(closed_in_handler);
	assert_false(guard_closed(HERE));
	guard_open();
	raise(SIGUSR1);
	assert_false(closed_in_handler);
	sigaltstack(&before, NULL);
}

/* Only a jump that leaves the frame that closed it opens it. */
static void a_jump_opens_it_for_those_it_leaves(void **state)
{
	(void)state;
	guard_jump(HERE, HERE + 100);
	assert_int_equal(guard.state, GUARD_OPEN);
	guard_close(HERE + 1000);
	guard_jump(HERE, HERE + 500);
	assert_int_equal(guard.state, GUARD_CALLING);
	guard_jump(HERE, HERE + 2000);
	assert_int_equal(guard.state, GUARD_OPEN);
	guard_close(HERE + 1000);
	guard_tracking();
	guard_jump(HERE, HERE - 100000); /* another stack, which lies lower */
	assert_int_equal(guard.state, GUARD_OPEN);
	guard_close(HERE + 1000);
	guard_jump(HERE, 0);
	assert_int_equal(guard.state, GUARD_OPEN);
}

static volatile uintptr_t target;

static void jump(int signal)
{
	(void)signal;
	guard_jump(HERE, target);
}

static void a_jump_on_the_alternate_stack_stays_inside(void **state)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, before;
	struct sigaction action = {.sa_handler = jump, .sa_flags = SA_ONSTACK};

	(void)state;
	assert_int_equal(sigaltstack(&stack, &before), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	guard_close(HERE);
	target = (uintptr_t)alternate + sizeof alternate - 10;
	raise(SIGUSR1);
	assert_int_equal(guard.state, GUARD_CALLING);
	target = HERE + 100;
	raise(SIGUSR1);
	assert_int_equal(guard.state, GUARD_OPEN);
	sigaltstack(&before, NULL);
}

static void a_stack_that_is_left_finds_it_as_it_was(void **state)
{
	struct guard_kept kept;

	(void)state;
	guard_close(HERE);
	guard_tracking();
	kept = guard_suspend();
	assert_int_equal(guard.state, GUARD_OPEN);
	guard_close(HERE - 5000);
	guard_open();
	guard_resume(&kept);
	assert_int_equal(guard.state, GUARD_TRACKING);
	assert_true(closed_for_a_deeper_call());
	guard_open();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_called_from_inside_is_inside),
		cmocka_unit_test(who_is_further_out_knows_that_it_was_left),
		cmocka_unit_test(a_handler_on_the_alternate_stack_has_left_nobody),
		cmocka_unit_test(a_jump_opens_it_for_those_it_leaves),
		cmocka_unit_test(a_jump_on_the_alternate_stack_stays_inside),
		cmocka_unit_test(a_stack_that_is_left_finds_it_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
