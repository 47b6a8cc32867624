#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/sheet.h"

static uint64_t varint(const uint8_t **at)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		value |= (uint64_t)(**at & 127) << shift;
		if (*(*at)++ < 128)
			return value;
	}
}

/* As the page reads it; *known is false for what is not known. */
static uint64_t next(const uint8_t **at, uint64_t *last, bool *known)
{
	uint64_t code = varint(at), zigzag = code - 1;

	*known = code != 0;
	if (*known)
		*last += (zigzag >> 1) ^ -(zigzag & 1);
	return *last;
}

static void numbers_come_back(void **state)
{
	static const char *const columns[] = {"a", "b", NULL};
	static const uint64_t values[] = {0, 1, 0, 0x7fffffffffffffff, UINT64_MAX - 1, 3,
		0xffffffffff600000, 0x7ffc00000000, 0x7ffc00001000, 127, 128, 0};
	enum { COUNT = sizeof(values) / sizeof(values[0]) };
	struct sheet sheet;
	const uint8_t *a, *b;
	uint64_t last_a = 0, last_b = 0;
	bool known;

	(void)state;
	sheet_begin(&sheet, "sheet", columns);
	for (unsigned i = 0; i < COUNT; i++) {
		sheet_put(&sheet, values[i]);
		sheet_put_known(&sheet, i, i % 3 != 0);
	}
	assert_int_equal(sheet.rows, COUNT);
	a = sheet.column[0].bytes;
	b = sheet.column[1].bytes;
	for (unsigned i = 0; i < COUNT; i++) {
		assert_true(next(&a, &last_a, &known) == values[i] && known);
		next(&b, &last_b, &known);
		assert_int_equal(known, i % 3 != 0);
		if (known)
			assert_int_equal(last_b, i);
	}
	assert_ptr_equal(a, sheet.column[0].bytes + sheet.column[0].used);
	sheet_free(&sheet);
}

static void many_rows_fit(void **state)
{
	static const char *const columns[] = {"value", NULL};
	struct sheet sheet;

	(void)state;
	sheet_begin(&sheet, "sheet", columns);
	for (uint64_t i = 0; i < 100000; i++)
		sheet_put(&sheet, i * i << 20);
	assert_false(sheet.failed);
	assert_int_equal(sheet.rows, 100000);
	sheet_free(&sheet);
}

/* Rows that are alike take a byte each. */
static void what_is_alike_is_small(void **state)
{
	static const char *const columns[] = {"address", NULL};
	struct sheet sheet;

	(void)state;
	sheet_begin(&sheet, "sheet", columns);
	for (uint64_t i = 0; i < 1000; i++)
		sheet_put(&sheet, 0x7f0000000000 + 48 * i);
	assert_in_range(sheet.column[0].used, 1000, 1010);
	sheet_free(&sheet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(many_rows_fit),
		cmocka_unit_test(what_is_alike_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
