/* Sizes as people type them: what is taken, what is refused, and that a refusal changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "size.h"

static void numbers(void **state)
{
	static const char *const refused[] = {"", " 1", "+1", "-1", "1 ", "0x10", "ten", "101",
		"18446744073709551616", "99999999999999999999999999"};
	uint64_t number = 7;

	(void)state;
	assert_true(size_number("0", 100, &number));
	assert_int_equal(number, 0);
	assert_true(size_number("100", 100, &number));
	assert_int_equal(number, 100);
	assert_true(size_number("18446744073709551615", UINT64_MAX, &number));
	assert_int_equal(number, UINT64_MAX);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_false(size_number(refused[i], 100, &number));
	assert_int_equal(number, UINT64_MAX);
}

static void suffixes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {{"0", 0}, {"4096", 4096}, {"1k", 1024}, {"64K", 65536}, {"100M", 104857600},
		{"2g", 2147483648}, {"1T", 1ull << 40}, {"007K", 7168}, {"16777215T", ~0ull << 40}};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_null(size_bytes(sizes[i].text, &bytes));
		assert_int_equal(bytes, sizes[i].bytes);
	}
}

static void what_is_no_size(void **state)
{
	static const char *const refused[] = {"", "K", "1.5G", "1KB", "1 K", "1 ", "1\xcb", "-1",
		"1P", "16777216T", "18446744073709551616", "00000000000000000000000000000000001",
		"1@", "\x0b"};
	uint64_t bytes = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_non_null(size_bytes(refused[i], &bytes));
	assert_int_equal(bytes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(suffixes_are_powers_of_1024),
		cmocka_unit_test(what_is_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
