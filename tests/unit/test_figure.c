/* Every figure has one name, by which it is found again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "figure.h"

static void names_lead_back(void **state)
{
	char name[FIGURE_NAME];

	(void)state;
	for (unsigned figure = 0; figure < FIGURE_COUNT; figure++) {
		assert_in_range(strlen(figure_name(figure, name)), 1, FIGURE_NAME - 1);
		assert_int_equal(figure_find(name), figure);
		assert_non_null(figure_needs(figure));
	}
}

static void rows_kinds_and_totals(void **state)
{
	(void)state;
	assert_int_equal(figure_find("rss"), FIGURE_RSS);
	assert_int_equal(figure_find("retained"), FIGURE_ROW + ATLAS_RETAINED);
	assert_int_equal(figure_find("heap"), FIGURE_KIND + KIND_HEAP);
	assert_int_equal(figure_find("heap.size"), FIGURE_KIND + KIND_HEAP);
	assert_int_equal(figure_find("heap.rss"), FIGURE_KIND_RSS + KIND_HEAP);
	/* Row and kind: the bare name is the row. */
	assert_int_equal(figure_find("main-stack"), FIGURE_ROW + ATLAS_MAIN_STACK);
	assert_int_equal(figure_find("main-stack.size"), FIGURE_KIND + KIND_MAIN_STACK);
	assert_int_equal(figure_find("main-stack.rss"), FIGURE_KIND_RSS + KIND_MAIN_STACK);
}

static void what_is_no_name(void **state)
{
	static const char *const names[] = {"", ".", ".rss", ".size", "RSS", "heap.", "heap.pss",
		"retained.size", "rss.rss", "heap.size.size",
		"a-name-that-is-longer-than-any-figure's.size"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(figure_find(names[i]), FIGURE_COUNT);
}

static void bytes_numbers_and_parts_of_rss(void **state)
{
	(void)state;
	assert_true(figure_in_bytes(FIGURE_RSS));
	assert_true(figure_in_bytes(FIGURE_TRIMMABLE));
	assert_false(figure_in_bytes(FIGURE_LIVE_BLOCKS));
	assert_false(figure_in_bytes(FIGURE_LOST));
	assert_true(figure_in_bytes(FIGURE_ROW));
	assert_true(figure_in_bytes(FIGURE_KIND_RSS));
	assert_false(figure_in_rss(FIGURE_RSS));
	assert_false(figure_in_rss(FIGURE_LIVE_BYTES));
	assert_true(figure_in_rss(FIGURE_PINNED));
	assert_true(figure_in_rss(FIGURE_ROW + ATLAS_UNEXPLAINED));
	assert_false(figure_in_rss(FIGURE_KIND + KIND_HEAP));
	assert_true(figure_in_rss(FIGURE_KIND_RSS + KIND_HEAP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_back),
		cmocka_unit_test(rows_kinds_and_totals),
		cmocka_unit_test(what_is_no_name),
		cmocka_unit_test(bytes_numbers_and_parts_of_rss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
