#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "core/lane.h"

struct record {
	uint64_t number;
};

static struct record flat[100000];

static void segments_follow_each_other_without_gap(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < LANE_SEGMENTS; i++)
		assert_true(lane_segment_start(i) + lane_segment_length(i) ==
			    lane_segment_start(i + 1));
	assert_int_equal(lane_segment(0), 0);
	assert_int_equal(lane_segment((1 << LANE_FIRST) - 1), 0);
	assert_int_equal(lane_segment(1 << LANE_FIRST), 1);
}

static void last_number_lies_in_the_last_segment(void **state)
{
	(void)state;
	assert_in_range(lane_segment(UINT32_MAX - 1), LANE_SEGMENTS - 1, LANE_SEGMENTS - 1);
}

static void one_piece_reads_as_a_lane(void **state)
{
	struct lane lane;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		flat[i].number = i + 1;
	memset(&lane, 0xa5, sizeof lane);
	lane_over(&lane, flat, 100000, sizeof flat[0]);
	for (uint32_t id = 1; id <= 100000; id++)
		assert_true(((struct record *)lane_get(&lane, id))->number == id);
}

static void numbers_that_are_not_there_are_null(void **state)
{
	struct lane lane;

	(void)state;
	lane_over(&lane, flat, 10, sizeof flat[0]);
	assert_null(lane_find(&lane, 0));
	assert_non_null(lane_find(&lane, 10));
	assert_null(lane_find(&lane, 11));
	assert_null(lane_find(&lane, UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_follow_each_other_without_gap),
		cmocka_unit_test(last_number_lies_in_the_last_segment),
		cmocka_unit_test(one_piece_reads_as_a_lane),
		cmocka_unit_test(numbers_that_are_not_there_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
