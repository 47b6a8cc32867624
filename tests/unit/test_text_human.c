#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"
#include "text_human.h"

static void sizes_read_as_documented(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *human;
	} cases[] = {
		{0, "0"},
		{1, "1 B"},
		{512, "512 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1075, "1.0 KiB"},
		{1076, "1.1 KiB"},
		{4096, "4.0 KiB"},
		{1048524, "1023.9 KiB"},
		{1048525, "1.0 MiB"},
		{1048575, "1.0 MiB"},
		{1048576, "1.0 MiB"},
		{18140365, "17.3 MiB"},
		{1ull << 30, "1.0 GiB"},
		{(1ull << 40) - 1, "1.0 TiB"},
		{3ull << 49, "1.5 PiB"},
		{1ull << 60, "1.0 EiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	char out[TEXT_HUMAN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ptr_equal(text_size_human(cases[i].bytes, out), out);
		assert_string_equal(out, cases[i].human);
	}
}

/* Any size of the form x << y and its neighbours: no wider than a column of 10, and read back
 * within the rounding of half a tenth. */
static void sizes_fit_their_column_and_mean_what_they_say(void **state)
{
	char out[TEXT_HUMAN], unit[8];

	(void)state;
	for (unsigned shift = 10; shift < 64; shift++) {
		for (int delta = -1; delta <= 1; delta++) {
			uint64_t bytes = (1ull << shift) + (1ull << shift) / 3 + (uint64_t)delta;
			double figure, scale = 1;
			text_size_human(bytes, out);
			assert_in_range(strlen(out), 1, 10);
			assert_int_equal(sscanf(out, "%lf %7s", &figure, unit), 2);
			for (const char *letter = "KMGTPE"; *letter; letter++) {
				scale *= 1024;
				if (*letter == unit[0])
					break;
			}
			double off = figure - (double)bytes / scale;
			assert_true(off > -0.0501 && off < 0.0501);
			assert_true(figure >= 1.0 && figure < 1024.0);
		}
	}
}

static void percentages_round_half_up_to_tenths(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *human;
	} cases[] = {
		{0, 100, "0.0%"},
		{123, 1000, "12.3%"},
		{1, 3, "33.3%"},
		{2, 3, "66.7%"},
		{1, 2000, "0.1%"},
		{1, 2001, "0.0%"},
		{5, 5, "100.0%"},
		{7, 2, "350.0%"},
		{0, 0, "-"},
		{5, 0, "-"},
		{UINT64_MAX, UINT64_MAX, "100.0%"},
		{UINT64_MAX / 4, UINT64_MAX, "25.0%"},
		{1, UINT64_MAX, "0.0%"},
	};
	char out[TEXT_HUMAN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
			text_percent_human(cases[i].part, cases[i].whole, out), cases[i].human);
}

static void durations_read_as_documented(void **state)
{
	static const struct {
		uint64_t ns;
		const char *human;
	} cases[] = {
		{0, "0"},
		{850, "850 ns"},
		{999, "999 ns"},
		{1000, "1.0 us"},
		{12345, "12.3 us"},
		{999949, "999.9 us"},
		{999950, "1.0 ms"},
		{4500000, "4.5 ms"},
		{999949999, "999.9 ms"},
		{999950000, "1.0 s"},
		{2500000000, "2.5 s"},
		{59949999999, "59.9 s"},
		{59950000000, "1 min 0 s"},
		{60000000000, "1 min 0 s"},
		{185000000000, "3 min 5 s"},
		{3599999999999, "59 min 59 s"},
		{8040000000000, "2 h 14 min"},
		{446400000000000, "5 d 4 h"},
		{UINT64_MAX, "213503 d 23 h"},
	};
	char out[TEXT_HUMAN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_duration_human(cases[i].ns, out), cases[i].human);
}

static void writers_write_the_same_figures(void **state)
{
	char buffer[128];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof(buffer) - 1, NULL, NULL);
	text_size(&text, 4096);
	text_char(&text, '|');
	text_percent(&text, 1, 8);
	text_char(&text, '|');
	text_duration(&text, 1500);
	buffer[text.used] = 0;
	assert_string_equal(buffer, "4.0 KiB|12.5%|1.5 us");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_read_as_documented),
		cmocka_unit_test(sizes_fit_their_column_and_mean_what_they_say),
		cmocka_unit_test(percentages_round_half_up_to_tenths),
		cmocka_unit_test(durations_read_as_documented),
		cmocka_unit_test(writers_write_the_same_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
