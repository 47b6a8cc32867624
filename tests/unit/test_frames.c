/* The frames of call stacks: each has one number, and what is no number leads nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "frames.h"

static uint32_t number_of(uint64_t pc, uint32_t parent)
{
	struct vmatlas_frame frame = {.pc = pc, .parent = parent};
	struct frames_batch batch = {0};
	uint32_t number = frames_number(&batch, &frame);

	frames_end(&batch);
	return number;
}

/* By both guesses and by the index: behind the parent, where its last other child was, elsewhere.
 */
static void a_frame_has_one_number(void **state)
{
	uint32_t root = number_of(0x1000, 0), first = number_of(0x2000, root);
	uint32_t second = number_of(0x3000, root), third = number_of(0x4000, root);

	(void)state;
	assert_true(root && first && second && third);
	assert_int_equal(first, root + 1);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(number_of(0x2000, root), first);
		assert_int_equal(number_of(0x3000, root), second);
		assert_int_equal(number_of(0x4000, root), third);
	}
	assert_int_equal(lane_count(frames_lane()), 4);
}

/* A thread's levels lie in memory that the program may have written over. */
static void a_parent_that_is_none_is_not_followed(void **state)
{
	static const uint32_t parents[] = {
		5000, 1 << 20, INTERN_MOST, INT32_MAX, UINT32_MAX - 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		struct vmatlas_frame frame = {.pc = 0x5000 + i, .parent = parents[i]};
		struct frames_batch batch = {0};

		assert_int_equal(frames_number(&batch, &frame), 0);
		frames_end(&batch);
		assert_int_equal(frames_lost(), i + 1);
	}
	assert_int_equal(lane_count(frames_lane()), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_has_one_number),
		cmocka_unit_test(a_parent_that_is_none_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
