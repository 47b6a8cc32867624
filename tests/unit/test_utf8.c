#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "utf8.h"

/* RFC 3629's table of what is well-formed, written down a second time and by ranges. */
static size_t expected_length(const unsigned char *b, size_t length)
{
	static const struct {
		unsigned char low, high, second_low, second_high, length;
	} forms[] = {
		{0x00, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (b[0] < forms[i].low || b[0] > forms[i].high || forms[i].length > length)
			continue;
		if (forms[i].length == 1)
			return 1;
		if (b[1] < forms[i].second_low || b[1] > forms[i].second_high)
			return 0;
		for (size_t at = 2; at < forms[i].length; at++)
			if (b[at] < 0x80 || b[at] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static void every_two_first_bytes_are_judged_as_rfc_3629_does(void **state)
{
	static const unsigned char tails[][2] = {
		{0x80, 0x80}, {0xbf, 0xbf}, {0x80, 0x41}, {0x41, 0x80}};

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		for (unsigned tail = 0; tail < 4; tail++) {
			unsigned char b[4] = {
				pair >> 8, pair & 0xff, tails[tail][0], tails[tail][1]};
			for (size_t length = 1; length <= 4; length++)
				assert_int_equal(utf8_decode((char *)b, length, NULL),
					expected_length(b, length));
		}
	}
}

static void code_points_come_out(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t code;
	} cases[] = {{"A", 0x41}, {"\xc3\xa9", 0xe9}, {"\xe2\x82\xac", 0x20ac},
		{"\xf0\x9f\x98\x80", 0x1f600}, {"\xf4\x8f\xbf\xbf", 0x10ffff}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t code = 0;
		size_t length = strlen(cases[i].bytes);
		assert_int_equal(utf8_decode(cases[i].bytes, length, &code), length);
		assert_int_equal(code, cases[i].code);
	}
}

static void nothing_is_written_for_bytes_that_are_no_character(void **state)
{
	uint32_t code = 4711;

	(void)state;
	assert_int_equal(utf8_decode("\xff", 1, &code), 0);
	assert_int_equal(utf8_decode("\xe2\x82", 2, &code), 0);
	assert_int_equal(utf8_decode("", 0, &code), 0);
	assert_int_equal(code, 4711);
}

static void width_counts_characters_and_stray_bytes(void **state)
{
	(void)state;
	assert_int_equal(utf8_width("", 0), 0);
	assert_int_equal(utf8_width("abc", 3), 3);
	assert_int_equal(utf8_width("\xc3\xa9t\xc3\xa9", 5), 3);
	assert_int_equal(utf8_width("a\xff\xfe", 3), 3);
	assert_int_equal(utf8_width("\xe2\x82", 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_two_first_bytes_are_judged_as_rfc_3629_does),
		cmocka_unit_test(code_points_come_out),
		cmocka_unit_test(nothing_is_written_for_bytes_that_are_no_character),
		cmocka_unit_test(width_counts_characters_and_stray_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
