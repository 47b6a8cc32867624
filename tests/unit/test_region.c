#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "core/region.h"
#include "core/region_groups.h"
#include "world.h"

static void live_record_is_copied_free_one_is_not(void **state)
{
	struct vmatlas_region record = {
		.sequence = 2, .state = VMATLAS_REGION_LIVE, .start = 1, .end = 5, .frame = 7};
	struct vmatlas_region copy;

	(void)state;
	assert_true(region_read(&record, &copy));
	assert_memory_equal(&copy, &record, sizeof copy);
	record.state = VMATLAS_REGION_FREE;
	assert_false(region_read(&record, &copy));
}

static void record_that_is_being_written_is_given_up(void **state)
{
	struct vmatlas_region record = {.sequence = 3, .state = VMATLAS_REGION_LIVE};
	struct vmatlas_region copy;

	(void)state;
	assert_false(region_read(&record, &copy));
}

/* A writer that keeps end = start + 1 at every moment that a reader may see. */
struct duel {
	struct vmatlas_region record;
	atomic_bool over;
};

static void *write_on_and_on(void *context)
{
	struct duel *duel = context;
	struct vmatlas_region *record = &duel->record;

	for (uint64_t i = 1; !duel->over; i++) {
		__atomic_store_n(&record->sequence, record->sequence + 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		__atomic_store_n(&record->start, i, __ATOMIC_RELAXED);
		__atomic_store_n(&record->end, i + 1, __ATOMIC_RELAXED);
		__atomic_store_n(&record->sequence, record->sequence + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void copies_are_of_one_moment(void **state)
{
	static struct duel duel = {.record = {.state = VMATLAS_REGION_LIVE, .start = 0, .end = 1}};
	struct vmatlas_region copy;
	pthread_t writer;
	unsigned whole = 0;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_on_and_on, &duel), 0);
	for (int i = 0; i < 300000; i++) {
		if (!region_read(&duel.record, &copy))
			continue;
		assert_int_equal(copy.end, copy.start + 1);
		whole++;
	}
	duel.over = true;
	pthread_join(writer, NULL);
	assert_true(whole > 0);
}

static void the_region_that_holds_an_address_is_found(void **state)
{
	struct vmatlas_region records[] = {
		{.state = VMATLAS_REGION_LIVE, .start = 0x1000, .end = 0x3000, .frame = 1},
		{.state = VMATLAS_REGION_FREE, .start = 0x3000, .end = 0x4000, .frame = 2},
		{.sequence = 1, .state = VMATLAS_REGION_LIVE, .start = 0x5000, .end = 0x6000},
		{.state = VMATLAS_REGION_LIVE, .start = 0x8000, .end = 0x9000, .frame = 4},
	};
	struct vmatlas_region region;
	struct lane lane;

	(void)state;
	lane_over(&lane, records, 4, sizeof records[0]);
	assert_true(region_holding(&lane, 0x1000, &region));
	assert_int_equal(region.frame, 1);
	assert_true(region_holding(&lane, 0x2fff, &region));
	assert_false(region_holding(&lane, 0x3000, &region)); /* free */
	assert_false(region_holding(&lane, 0x5000, &region)); /* being written */
	assert_true(region_holding(&lane, 0x8fff, &region));
	assert_int_equal(region.frame, 4);
	assert_false(region_holding(&lane, 0x9000, &region));
	assert_false(region_holding(&lane, 0, &region));
}

static void calls_have_names(void **state)
{
	(void)state;
	assert_string_equal(region_call_name(VMATLAS_CALL_MMAP), "mmap");
	assert_string_equal(region_call_name(VMATLAS_CALL_BRK), "brk");
	assert_string_equal(region_call_name(0), "other");
	assert_string_equal(region_call_name(99), "other");
}

/* -- Groups --------------------------------------------------------------------------------- */

enum { MANY = 3000 };

static struct vmatlas_region many[MANY];
static uint64_t memory[1 << 16];

/* Call stack f has regions of f + 1 pages; every seventh record is free. */
static void fill(struct world *world, uint32_t stacks)
{
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t frame = i % stacks;

		many[i] = (struct vmatlas_region){
			.state = i % 7 ? VMATLAS_REGION_LIVE : VMATLAS_REGION_FREE,
			.start = 4096,
			.end = 4096 + (frame + 1) * 4096ull,
			.frame = frame};
	}
	lane_over(&world->regions, many, MANY, sizeof many[0]);
	memset(memory, 0, sizeof memory);
}

static uint64_t sum_groups(const struct region_groups *groups, uint64_t *count)
{
	const struct region_group *group = NULL;
	uint64_t bytes = groups->others.bytes, last = UINT64_MAX;

	*count = groups->others.count;
	while ((group = region_groups_next(groups, group))) {
		assert_true(group->bytes <= last);
		last = group->bytes;
		bytes += group->bytes;
		*count += group->count;
	}
	return bytes;
}

static void groups_come_by_size_and_add_up(void **state)
{
	struct world *world = world_make();
	struct region_groups groups;
	uint64_t count;

	(void)state;
	fill(world, 100);
	assert_true(region_groups_words(&world->view) <= sizeof memory / sizeof memory[0]);
	region_groups_make(&groups, &world->view, memory, region_groups_words(&world->view));
	assert_int_equal(groups.used, 100);
	assert_int_equal(groups.others.count, 0);
	assert_int_equal(region_groups_next(&groups, NULL)->frame, 99);
	assert_int_equal(sum_groups(&groups, &count), groups.bytes);
	assert_int_equal(count, groups.count);
	assert_int_equal(count, MANY - (MANY + 6) / 7);
	free(world);
}

static void what_finds_no_slot_is_still_counted(void **state)
{
	struct world *world = world_make();
	struct region_groups groups;
	uint64_t count;

	(void)state;
	fill(world, 1000);
	for (size_t words = 0; words < 600; words = words * 2 + 1) {
		memset(memory, 0, sizeof memory);
		region_groups_make(&groups, &world->view, words ? memory : NULL, words);
		assert_true(groups.others.count > 0);
		assert_int_equal(sum_groups(&groups, &count), groups.bytes);
		assert_int_equal(count, groups.count);
	}
	free(world);
}

static void no_regions_need_no_memory(void **state)
{
	struct world *world = world_empty();
	struct region_groups groups;

	(void)state;
	assert_int_equal(region_groups_words(&world->view), 0);
	region_groups_make(&groups, &world->view, NULL, 0);
	assert_null(region_groups_next(&groups, NULL));
	assert_int_equal(groups.count, 0);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_record_is_copied_free_one_is_not),
		cmocka_unit_test(record_that_is_being_written_is_given_up),
		cmocka_unit_test(copies_are_of_one_moment),
		cmocka_unit_test(the_region_that_holds_an_address_is_found),
		cmocka_unit_test(calls_have_names),
		cmocka_unit_test(groups_come_by_size_and_add_up),
		cmocka_unit_test(what_finds_no_slot_is_still_counted),
		cmocka_unit_test(no_regions_need_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
