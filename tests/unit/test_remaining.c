/* test_remaining.c - what is left of waits that began a moment ago. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "remaining.h"

#define SECOND 1000000000ull

/* A wait that began so many ns ago; the test itself takes less than the second it leaves room for.
 */
static uint64_t ago(uint64_t ns)
{
	return remaining_start() - ns;
}

static void milliseconds_are_rounded_up(void **state)
{
	(void)state;
	assert_in_range(remaining_ms(10000, ago(0)), 9001, 10000);
	assert_in_range(remaining_ms(10000, ago(5 * SECOND)), 4001, 5000);
	assert_in_range(remaining_ms(10, ago(9500000)), 0, 1);
}

static void what_is_over_leaves_nothing(void **state)
{
	struct timespec wanted = {5, 0}, left = {1, 1};
	struct timeval asked = {5, 0}, rest = {1, 1};

	(void)state;
	assert_int_equal(remaining_ms(1000, ago(2 * SECOND)), 0);
	assert_int_equal(remaining_ms(0, ago(0)), 0);
	assert_ptr_equal(remaining_time(&wanted, ago(6 * SECOND), &left), &left);
	assert_int_equal(left.tv_sec, 0);
	assert_int_equal(left.tv_nsec, 0);
	remaining_timeval(&asked, ago(6 * SECOND), &rest);
	assert_int_equal(rest.tv_sec, 0);
	assert_int_equal(rest.tv_usec, 0);
}

static void for_ever_stays(void **state)
{
	struct timespec left;

	(void)state;
	assert_int_equal(remaining_ms(-1, ago(0)), -1);
	assert_int_equal(remaining_ms(INT_MIN, ago(SECOND)), INT_MIN);
	assert_null(remaining_time(NULL, ago(0), &left));
}

static void times_are_whole(void **state)
{
	struct timespec wanted = {100, 999999999}, left;

	(void)state;
	assert_ptr_equal(remaining_time(&wanted, ago(50 * SECOND), &left), &left);
	assert_in_range(left.tv_sec, 49, 50);
	assert_in_range(left.tv_nsec, 0, 999999999);
}

static void select_may_ask_in_microseconds_alone(void **state)
{
	struct timeval wanted = {0, 100000000}, left;

	(void)state;
	remaining_timeval(&wanted, ago(50 * SECOND), &left);
	assert_in_range(left.tv_sec, 49, 50);
	assert_in_range(left.tv_usec, 0, 999999);
}

static void the_longest_do_not_overflow(void **state)
{
	struct timespec wanted = {LONG_MAX, 0}, left, largest = {((time_t)1 << 32) - 1, 999999999};
	struct timeval far = {LONG_MAX, LONG_MAX}, rest = {7, 7}, odd = {0, LONG_MAX};

	(void)state;
	assert_ptr_equal(remaining_time(&wanted, ago(SECOND), &left), &wanted);
	assert_ptr_equal(remaining_time(&largest, ago(SECOND), &left), &left);
	assert_in_range(left.tv_sec, largest.tv_sec - 2, largest.tv_sec);
	assert_int_equal(remaining_ms(INT_MAX, remaining_start()) > INT_MAX - 1000, 1);
	remaining_timeval(&far, ago(SECOND), &rest);
	remaining_timeval(&odd, ago(SECOND), &rest);
	assert_int_equal(rest.tv_sec, 7);
	assert_int_equal(rest.tv_usec, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(milliseconds_are_rounded_up),
		cmocka_unit_test(what_is_over_leaves_nothing),
		cmocka_unit_test(for_ever_stays),
		cmocka_unit_test(times_are_whole),
		cmocka_unit_test(select_may_ask_in_microseconds_alone),
		cmocka_unit_test(the_longest_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
