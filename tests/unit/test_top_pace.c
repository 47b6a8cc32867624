#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/top_pace.h"

static void a_quick_picture_comes_as_often_as_wanted(void **state)
{
	(void)state;
	assert_int_equal(top_pace(2000, 0), 2000);
	assert_int_equal(top_pace(2000, 5000000), 2000);
	assert_int_equal(top_pace(1000, 10000000), 1000);
}

static void a_slow_one_takes_one_in_a_hundred_of_the_time_at_most(void **state)
{
	const uint64_t spent[] = {1, 999999, 10101011, 34000000, 340000000, 7654321098};

	(void)state;
	assert_int_equal(top_pace(2000, 340000000), 33660);
	for (unsigned i = 0; i < sizeof(spent) / sizeof(*spent); i++) {
		uint64_t wait = top_pace(0, spent[i]);

		assert_true(spent[i] * 100 <= spent[i] + wait * 1000000);
		assert_true(wait == 0 || spent[i] * 100 > spent[i] + (wait - 1) * 1000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quick_picture_comes_as_often_as_wanted),
		cmocka_unit_test(a_slow_one_takes_one_in_a_hundred_of_the_time_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
