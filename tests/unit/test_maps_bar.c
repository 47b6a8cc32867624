/* Bars: they grow with what they show, and neither something nor a rest ever disappears. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "dice.h"
#include "maps_bar.h"

static const struct maps_bar_scale scale = {.smallest = 4096, .largest = 1ull << 30, .width = 19};

static unsigned cells(uint64_t size)
{
	return maps_bar_make(&scale, size, size, size).cells;
}

static void one_column_for_each_doubling(void **state)
{
	(void)state;
	for (unsigned power = 12; power <= 30; power++)
		assert_int_equal(cells(1ull << power), power - 11);
	assert_int_equal(cells(1), 1);
	assert_int_equal(cells(UINT64_MAX), 19);
}

static void larger_is_never_shorter(void **state)
{
	unsigned before = 0;

	(void)state;
	for (uint64_t size = 4096; size < 1ull << 31; size += size / 64) {
		unsigned now = cells(size);
		assert_in_range(now, before, before + 1);
		before = now;
	}
}

static void one_size_only(void **state)
{
	const struct maps_bar_scale flat = {.smallest = 4096, .largest = 4096, .width = 10};

	(void)state;
	assert_int_equal(maps_bar_make(&flat, 4096, 4096, 0).cells, 1);
}

static void shares(void **state)
{
	const uint64_t size = 1ull << 30;
	struct maps_bar bar = maps_bar_make(&scale, size, size / 2, size / 4);

	(void)state;
	assert_int_equal(bar.cells, 19);
	assert_int_equal(bar.filled, 10);
	assert_int_equal(bar.live, 5);
	bar = maps_bar_make(&scale, size, 1, 1);
	assert_int_equal(bar.filled, 1);
	bar = maps_bar_make(&scale, size, size - 1, 1);
	assert_int_equal(bar.filled, 18);
	assert_int_equal(bar.live, 1);
	bar = maps_bar_make(&scale, size, 0, 0);
	assert_int_equal(bar.filled, 0);
	assert_int_equal(bar.live, 0);
	bar = maps_bar_make(&scale, 4096, 1, 0);
	assert_int_equal(bar.filled, 1);
}

static void any_sizes_are_in_order(void **state)
{
	struct dice dice = {11};

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t size = dice_roll(&dice) >> dice_below(&dice, 60) | 1;
		uint64_t resident = dice_below(&dice, 3) ? dice_roll(&dice) % size : size;
		uint64_t live = resident ? dice_roll(&dice) % resident : 0;
		struct maps_bar bar = maps_bar_make(&scale, size, resident, live);
		assert_in_range(bar.cells, 1, 19);
		assert_in_range(bar.filled, resident ? 1 : 0, bar.cells);
		assert_in_range(bar.live, live ? 1 : 0, bar.filled);
		if (resident < size && bar.cells > 1)
			assert_in_range(bar.filled, 0, bar.cells - 1);
	}
}

static void signs(void **state)
{
	const struct maps_bar bar = {.cells = 6, .filled = 3, .live = 1};
	struct maps_bar_scale ascii = scale;
	char buffer[100];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof(buffer) - 1, NULL, NULL);
	maps_bar_put(&text, &scale, &bar);
	ascii.ascii = true;
	maps_bar_put(&text, &ascii, &bar);
	buffer[text.used] = 0;
	assert_string_equal(buffer, "█▒▒░░░#++...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_column_for_each_doubling),
		cmocka_unit_test(larger_is_never_shorter),
		cmocka_unit_test(one_size_only),
		cmocka_unit_test(shares),
		cmocka_unit_test(any_sizes_are_in_order),
		cmocka_unit_test(signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
