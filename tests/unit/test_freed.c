#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "core/freed.h"

enum { RECORDS = 5 };

static struct vmatlas_freed records[RECORDS];
static struct lane lane;

static int set_up(void **state)
{
	(void)state;
	memset(records, 0, sizeof(records));
	lane_over(&lane, records, RECORDS, sizeof(records[0]));
	return 0;
}

static void put(int index, uint64_t number, uint64_t address, uint64_t size, uint64_t freed)
{
	records[index] = (struct vmatlas_freed){.sequence = 2 * number,
		.address = address,
		.size = size,
		.freed = freed,
		.frame = (uint32_t)number};
}

/* The number of the release that held the address last, 0 for none. */
static uint64_t last(uint64_t address, uint64_t before)
{
	struct vmatlas_freed freed;

	return freed_last(&lane, address, before, &freed) ? freed.sequence / 2 : 0;
}

static void what_is_empty_or_being_written_is_not_read(void **state)
{
	struct vmatlas_freed freed;

	(void)state;
	assert_false(freed_read(&records[0], &freed));
	put(0, 7, 0x1000, 16, 5);
	assert_true(freed_read(&records[0], &freed));
	assert_memory_equal(&freed, &records[0], sizeof(freed));
	records[0].sequence++;
	assert_false(freed_read(&records[0], &freed));
}

static void what_reaches_around_the_end_of_addresses_is_none(void **state)
{
	struct vmatlas_freed freed;

	(void)state;
	put(0, 7, UINT64_MAX - 10, 16, 5);
	assert_false(freed_read(&records[0], &freed));
	put(0, 7, UINT64_MAX - 16, 16, 5);
	assert_true(freed_read(&records[0], &freed));
}

static void a_block_held_its_bytes_and_no_others(void **state)
{
	(void)state;
	put(2, 3, 0x1000, 16, 5);
	assert_int_equal(last(0xfff, UINT64_MAX), 0);
	assert_int_equal(last(0x1000, UINT64_MAX), 3);
	assert_int_equal(last(0x100f, UINT64_MAX), 3);
	assert_int_equal(last(0x1010, UINT64_MAX), 0);
}

static void an_empty_block_held_its_start(void **state)
{
	(void)state;
	put(2, 3, 0x1000, 0, 5);
	assert_int_equal(last(0x1000, UINT64_MAX), 3);
	assert_int_equal(last(0x1001, UINT64_MAX), 0);
}

static void the_last_of_several_is_found_and_the_one_before(void **state)
{
	(void)state;
	put(0, 6, 0x1000, 16, 50);
	put(1, 2, 0x0ff0, 64, 20);
	put(2, 3, 0x1008, 8, 30);
	put(3, 4, 0x2000, 16, 60);
	assert_int_equal(last(0x1008, UINT64_MAX), 6);
	assert_int_equal(last(0x1008, 50), 3);
	assert_int_equal(last(0x1008, 30), 2);
	assert_int_equal(last(0x1008, 20), 0);
	assert_int_equal(last(0x1004, 50), 2);
}

/* A ring that went round: the place says nothing of the order. Within one tick the number does. */
static void numbers_decide_within_a_tick(void **state)
{
	(void)state;
	put(0, 9, 0x1000, 16, 50);
	put(4, 8, 0x1000, 16, 50);
	assert_int_equal(last(0x1000, UINT64_MAX), 9);
	put(0, 7, 0x1000, 16, 50);
	assert_int_equal(last(0x1000, UINT64_MAX), 8);
}

static void without_a_history_there_is_none(void **state)
{
	struct vmatlas_freed freed;

	(void)state;
	assert_false(freed_last(NULL, 0x1000, UINT64_MAX, &freed));
}

static void releases_have_names(void **state)
{
	(void)state;
	assert_string_equal(freed_release_name(VMATLAS_RELEASE_FREE), "free");
	assert_string_equal(freed_release_name(VMATLAS_RELEASE_REALLOC), "realloc");
	assert_string_equal(freed_release_name(VMATLAS_RELEASE_MUNMAP), "munmap");
	assert_string_equal(freed_release_name(VMATLAS_RELEASE_MREMAP), "mremap");
	assert_string_equal(freed_release_name(VMATLAS_RELEASE_SHMDT), "shmdt");
	assert_string_equal(freed_release_name(0), "other");
	assert_string_equal(freed_release_name(99), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_empty_or_being_written_is_not_read, set_up),
		cmocka_unit_test_setup(what_reaches_around_the_end_of_addresses_is_none, set_up),
		cmocka_unit_test_setup(a_block_held_its_bytes_and_no_others, set_up),
		cmocka_unit_test_setup(an_empty_block_held_its_start, set_up),
		cmocka_unit_test_setup(the_last_of_several_is_found_and_the_one_before, set_up),
		cmocka_unit_test_setup(numbers_decide_within_a_tick, set_up),
		cmocka_unit_test_setup(without_a_history_there_is_none, set_up),
		cmocka_unit_test(releases_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
