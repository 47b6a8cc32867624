#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/date.h"

static void agrees_with_libc(uint64_t seconds)
{
	struct date date = date_of(seconds * 1000000000u + 999999999);
	time_t time = (time_t)seconds;
	struct tm tm;

	gmtime_r(&time, &tm);
	assert_int_equal(date.year, tm.tm_year + 1900);
	assert_int_equal(date.month, tm.tm_mon + 1);
	assert_int_equal(date.day, tm.tm_mday);
	assert_int_equal(date.hour, tm.tm_hour);
	assert_int_equal(date.minute, tm.tm_min);
	assert_int_equal(date.second, tm.tm_sec);
}

static void every_day_until_the_end_agrees_with_libc(void **state)
{
	const uint64_t last = UINT64_MAX / 1000000000u - 1;

	(void)state;
	for (uint64_t seconds = 0; seconds < last; seconds += 86399)
		agrees_with_libc(seconds);
	agrees_with_libc(last);
}

static void month_and_year_change_at_the_second(void **state)
{
	static const uint64_t turns[] = {951782400 /* 2000-02-29 */, 951868800 /* 03-01 */,
		1709164800 /* 2024-02-29 */, 4107542400 /* 2100-03-01 */, 1767225600 /* 2026 */};

	(void)state;
	for (unsigned i = 0; i < sizeof turns / sizeof turns[0]; i++) {
		agrees_with_libc(turns[i] - 1);
		agrees_with_libc(turns[i]);
	}
}

static void date_is_written_with_leading_zeros(void **state)
{
	char buffer[64];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof buffer, NULL, NULL);
	date_write(&text, 0);
	date_write(&text, 1795334112ull * 1000000000 + 5);
	buffer[text.used] = 0;
	assert_string_equal(buffer, "1970-01-01 00:00:00 UTC2026-11-22 07:55:12 UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_until_the_end_agrees_with_libc),
		cmocka_unit_test(month_and_year_change_at_the_second),
		cmocka_unit_test(date_is_written_with_leading_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
