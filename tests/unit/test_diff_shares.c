#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dice.h"
#include "diff_shares.h"

static void sums_are_kept_apart_by_change_and_call_stack(void **state)
{
	enum { CHANGES = 70, STACKS = 90, ROUNDS = 20000 };
	static int64_t truth[CHANGES][STACKS];
	struct diff_shares shares = {0};
	struct dice dice = {7};
	size_t listed = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t change = (uint32_t)dice_below(&dice, CHANGES);
		uint32_t stack = (uint32_t)dice_below(&dice, STACKS);
		int64_t bytes = (int64_t)dice_below(&dice, 2000) - 1000;

		diff_shares_at(&shares, change, stack)->live_bytes += bytes;
		truth[change][stack] += bytes;
	}
	diff_shares_sort(&shares);
	for (uint32_t change = 0; change < CHANGES; change++) {
		const struct diff_share *share;
		size_t count = diff_shares_of(&shares, change, &share);

		for (size_t i = 0; i < count; i++) {
			assert_int_equal(share[i].change, change);
			assert_int_equal(share[i].live_bytes, truth[change][share[i].stack]);
			assert_true(!i || share[i].live_bytes <= share[i - 1].live_bytes);
			truth[change][share[i].stack] = 0;
		}
		listed += count;
	}
	for (int i = 0; i < CHANGES * STACKS; i++)
		assert_int_equal(truth[i / STACKS][i % STACKS], 0);
	assert_int_equal(listed, shares.count);
	diff_shares_free(&shares);
}

static void what_did_not_grow_is_left_out(void **state)
{
	struct diff_shares shares = {0};
	const struct diff_share *share;

	(void)state;
	diff_shares_at(&shares, 1, 5)->live_bytes += 10;
	diff_shares_at(&shares, 1, 5)->live_bytes -= 10;
	diff_shares_at(&shares, 1, 6)->region_resident += 1;
	diff_shares_sort(&shares);
	assert_int_equal(diff_shares_of(&shares, 1, &share), 1);
	assert_int_equal(share->stack, 6);
	assert_int_equal(diff_shares_of(&shares, 0, &share), 0);
	assert_int_equal(diff_shares_of(&shares, 2, &share), 0);
	diff_shares_free(&shares);
}

static void of_equal_growth_the_resident_one_is_first(void **state)
{
	struct diff_shares shares = {0};
	const struct diff_share *share;

	(void)state;
	diff_shares_at(&shares, 0, 1)->live_bytes = 5;
	diff_shares_at(&shares, 0, 2)->region_bytes = 5;
	diff_shares_at(&shares, 0, 2)->region_resident = 4;
	diff_shares_at(&shares, 0, 3)->live_bytes = 6;
	diff_shares_sort(&shares);
	assert_int_equal(diff_shares_of(&shares, 0, &share), 3);
	assert_int_equal(share[0].stack, 3);
	assert_int_equal(share[1].stack, 2);
	assert_int_equal(share[2].stack, 1);
	diff_shares_free(&shares);
}

static void none_at_all(void **state)
{
	struct diff_shares shares = {0};
	const struct diff_share *share;

	(void)state;
	diff_shares_sort(&shares);
	assert_int_equal(diff_shares_of(&shares, 0, &share), 0);
	diff_shares_free(&shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_kept_apart_by_change_and_call_stack),
		cmocka_unit_test(what_did_not_grow_is_left_out),
		cmocka_unit_test(of_equal_growth_the_resident_one_is_first),
		cmocka_unit_test(none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
