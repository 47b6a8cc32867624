#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text_column.h"

static void sizes_have_two_or_three_digits(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "-"},
		{1, "1"},
		{999, "999"},
		{1000, "1.0K"},
		{1024, "1.0K"},
		{1536, "1.5K"},
		{4096, "4.0K"},
		{10188, "9.9K"},
		{10189, "10K"},
		{10240, "10K"},
		{135168, "132K"},
		{1023487, "999K"},
		{1023488, "1.0M"},
		{1048576, "1.0M"},
		{67108864, "64M"},
		{1ull << 30, "1.0G"},
		{3ull << 29, "1.5G"},
		{1ull << 40, "1.0T"},
		{1ull << 50, "1.0P"},
		{1ull << 60, "1.0E"},
		{UINT64_MAX, "16E"},
	};
	char out[TEXT_COLUMN];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(text_size_column(rows[i].bytes, out), rows[i].text);
}

/* What it says is within a twentieth of what is, and no longer than four columns. */
static void every_size_is_nearly_told(void **state)
{
	char out[TEXT_COLUMN];

	(void)state;
	for (uint64_t bytes = 1; bytes < UINT64_MAX / 17 * 16; bytes += bytes / 16 + 1) {
		static const char units[] = "KMGTPE";
		char *unit;
		double value = strtod(text_size_column(bytes, out), &unit);

		for (const char *at = strchr(units, *unit); *unit && at >= units; at--)
			value *= 1024;
		assert_true(strlen(out) <= 4);
		assert_true(value > (double)bytes * 0.95 && value < (double)bytes * 1.05);
	}
}

static void counts_are_grouped_by_thousands(void **state)
{
	char out[TEXT_GROUPED];

	(void)state;
	assert_string_equal(text_grouped(0, out), "0");
	assert_string_equal(text_grouped(999, out), "999");
	assert_string_equal(text_grouped(1000, out), "1,000");
	assert_string_equal(text_grouped(100000, out), "100,000");
	assert_string_equal(text_grouped(UINT64_MAX, out), "18,446,744,073,709,551,615");
}

static void columns_are_right_aligned_and_never_cut(void **state)
{
	char buffer[64];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof buffer, NULL, NULL);
	text_put_column(&text, 4096, 6);
	text_put_grouped(&text, 1234567, 10);
	text_put_grouped(&text, 1234567, 3);
	buffer[text.used] = 0;
	assert_string_equal(buffer, "  4.0K 1,234,5671,234,567");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_two_or_three_digits),
		cmocka_unit_test(every_size_is_nearly_told),
		cmocka_unit_test(counts_are_grouped_by_thousands),
		cmocka_unit_test(columns_are_right_aligned_and_never_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
