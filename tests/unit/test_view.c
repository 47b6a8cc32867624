#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world.h"

#define S 1000000000ull

static void ticks_become_time_by_both_readings(void **state)
{
	struct view view = {.start = {1000, 50 * S, 7 * S}, .now = {4000, 60 * S, 10 * S}};

	(void)state;
	assert_int_equal(view_time_ns(&view, 1000), 50 * S);
	assert_int_equal(view_time_ns(&view, 2000), 51 * S);
	/* The wall clock was set meanwhile: a second is a monotonic one. */
	assert_int_equal(view_time_ns(&view, 4000), 53 * S);
	assert_int_equal(view_time_ns(&view, 500), 49500 * S / 1000);
	assert_int_equal(view_span_ns(&view, 500), S / 2);
	assert_int_equal(view_age_ns(&view, 3500), S / 2);
	assert_int_equal(view_age_ns(&view, 5000), 0);
}

static void time_that_is_not_known_stays_so(void **state)
{
	struct view view = {.start = {1000, 50 * S, 7 * S}, .now = {4000, 60 * S, 10 * S}};

	(void)state;
	assert_int_equal(view_time_ns(&view, 0), 0);
	assert_int_equal(view_age_ns(&view, 0), 0);
}

static void clocks_that_stand_still_or_run_back_do_no_harm(void **state)
{
	struct view view = {.start = {1000, 50, 7}, .now = {1000, 50, 7}};

	(void)state;
	assert_int_equal(view_time_ns(&view, 1010), 60);
	view.now.ticks = 10;
	assert_int_equal(view_time_ns(&view, 1010), 60);
	view.now = (struct view_clock){2000, 50, 1};
	assert_int_equal(view_time_ns(&view, 1010), 60);
	assert_int_equal(view_time_ns(&view, 900), 0);
	view.now = (struct view_clock){1001, 50, UINT64_MAX};
	assert_true(view_span_ns(&view, UINT64_MAX) <= INT64_MAX);
	assert_true(view_time_ns(&view, UINT64_MAX) <= INT64_MAX);
}

static void weeks_keep_the_microsecond(void **state)
{
	const uint64_t week = 7 * 86400 * S;
	struct view view = {.start = {1, 0, 0}, .now = {1 + 3 * week, week, week}};

	(void)state;
	for (uint64_t at = S; at < week; at = at * 3 + 12345) {
		uint64_t found = view_time_ns(&view, 1 + 3 * at);

		assert_in_range(found, at - 1000, at + 1000);
	}
}

static void strings_are_found_by_number(void **state)
{
	struct world *world = world_make();
	const char *path;
	size_t length;

	(void)state;
	path = view_string(&world->view, 2, &length);
	assert_int_equal(length, 18);
	assert_memory_equal(path, "/usr/lib/libc.so.6", length);
	assert_string_equal(view_string(&world->view, 0, &length), "");
	assert_int_equal(length, 0);
	assert_string_equal(view_string(&world->view, 5, &length), "");
	assert_string_equal(view_string(&world->view, UINT32_MAX, &length), "");
	assert_int_equal(length, 0);
	free(world);
}

static void text_over_several_records_ends_with_the_lane(void **state)
{
	struct world *world = world_make();
	const uint32_t fits = 2 * 64 - 4, too_long = fits + 1;
	size_t length;

	(void)state;
	memcpy(world->string[2], &fits, sizeof fits);
	view_string(&world->view, 3, &length);
	assert_int_equal(length, fits);
	memcpy(world->string[2], &too_long, sizeof too_long);
	assert_string_equal(view_string(&world->view, 3, &length), "");
	assert_int_equal(length, 0);
	free(world);
}

static void threads_have_the_kernels_number_or_none(void **state)
{
	struct world *world = world_make();

	(void)state;
	assert_int_equal(view_tid(&world->view, 2), 4243);
	assert_int_equal(view_tid(&world->view, 0), 0);
	assert_int_equal(view_tid(&world->view, 4), 0);
	free(world);
}

static void blocks_are_read_with_their_tables(void **state)
{
	struct world *world = world_make();
	struct blocks_tables tables = view_tables(&world->view);
	struct block block;

	(void)state;
	assert_true(blocks_find(&world->blocks, &tables, HEAP + 0x4018, &block));
	assert_int_equal(block.size, 100);
	assert_int_equal(block.time, TICKS + 1000);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_become_time_by_both_readings),
		cmocka_unit_test(time_that_is_not_known_stays_so),
		cmocka_unit_test(clocks_that_stand_still_or_run_back_do_no_harm),
		cmocka_unit_test(weeks_keep_the_microsecond),
		cmocka_unit_test(strings_are_found_by_number),
		cmocka_unit_test(text_over_several_records_ends_with_the_lane),
		cmocka_unit_test(threads_have_the_kernels_number_or_none),
		cmocka_unit_test(blocks_are_read_with_their_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
