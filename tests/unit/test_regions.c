#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/region.h"
#include "dice.h"
#include "lock.h"
#include "regions.h"

enum { PAGES = 256, LONGEST = 40, STEPS = 20000 };
#define BASE 0x7f0000000000ull
#define PAGE 4096ull

/* The oracle: whose each page is, 0 for nobody's. */
static uint32_t owner[PAGES];

static uint64_t address(uint64_t page)
{
	return BASE + page * PAGE;
}

static struct vmatlas_region region_of(uint64_t page, uint64_t pages, uint32_t frame)
{
	return (struct vmatlas_region){
		.start = address(page),
		.end = address(page + pages),
		.time = frame,
		.frame = frame,
		.thread = ~frame,
		.call = VMATLAS_CALL_MMAP,
	};
}

static void own(uint64_t page, uint64_t pages, uint32_t frame)
{
	for (uint64_t i = page; i < page + pages; i++)
		owner[i] = frame;
}

static void read_back_one(const struct vmatlas_region *region, uint32_t *found)
{
	assert_true(region->start < region->end && region->frame == region->time);
	for (uint64_t at = region->start; at < region->end; at += PAGE) {
		uint32_t *page = &found[(at - BASE) / PAGE];

		assert_int_equal(*page, 0); /* disjoint */
		*page = region->frame;
	}
}

/* The table as a reader sees it, and page by page as a writer does, against the oracle. */
static void assert_as_the_oracle(void)
{
	const struct lane *records = regions_records();
	uint32_t found[PAGES] = {0};
	struct vmatlas_region region;

	for (uint32_t id = 1; id <= lane_count(records); id++) {
		if (region_read(lane_get(records, id), &region))
			read_back_one(&region, found);
	}
	assert_memory_equal(found, owner, sizeof found);
}

static void assert_found_as_the_oracle(void)
{
	struct vmatlas_region region;

	for (uint64_t page = 0; page < PAGES; page++) {
		bool is = regions_find(address(page) + 1, &region);

		assert_int_equal(is ? region.frame : 0, owner[page]);
	}
}

static void clear(void)
{
	struct regions_undo undo;

	regions_cut(0, UINT64_MAX, &undo);
	memset(owner, 0, sizeof owner);
	assert_as_the_oracle();
}

static void step(struct dice *dice, uint32_t frame)
{
	uint64_t page = dice_below(dice, PAGES - LONGEST), pages = 1 + dice_below(dice, LONGEST);
	struct vmatlas_region region = region_of(page, pages, frame);
	struct regions_undo undo;

	switch (dice_below(dice, 4)) {
	case 0:
		regions_cut(region.start, region.end, &undo);
		own(page, pages, 0);
		break;
	case 1: /* a call that fails: all as before, as long as few pieces were hit */
		regions_cut(region.start, region.end, &undo);
		if (undo.count == REGIONS_UNDO)
			own(page, pages, 0);
		else
			regions_put_back(&undo);
		break;
	default:
		regions_put(&region);
		own(page, pages, frame);
	}
}

static void random_calls_leave_every_page_with_its_owner(void **state)
{
	struct dice dice = {7};

	(void)state;
	clear();
	for (uint32_t frame = 1; frame <= STEPS; frame++) {
		step(&dice, frame);
		assert_as_the_oracle();
		if (frame % 256 == 0)
			assert_found_as_the_oracle();
	}
	assert_int_equal(regions_lost(), 0);
	assert_in_range(lane_count(regions_records()), 1, PAGES + 1);
}

static void a_range_of_no_bytes_changes_nothing(void **state)
{
	struct vmatlas_region whole = region_of(0, 4, 5), none = region_of(2, 0, 6);
	struct regions_undo undo;

	(void)state;
	clear();
	regions_put(&whole);
	own(0, 4, 5);
	regions_put(&none);
	assert_as_the_oracle();
	regions_cut(address(2), address(2), &undo);
	assert_int_equal(undo.count, 0);
	regions_put_back(&undo);
	assert_as_the_oracle();
}

/* munmap with a length that wraps around: the kernel says EINVAL. */
static void a_range_that_ends_before_it_starts_changes_nothing(void **state)
{
	struct vmatlas_region whole = region_of(0, 4, 5);
	struct regions_undo undo;

	(void)state;
	clear();
	regions_put(&whole);
	own(0, 4, 5);
	regions_cut(address(2), address(1), &undo);
	regions_put_back(&undo);
	regions_cut(address(2), 0, &undo);
	regions_put_back(&undo);
	assert_as_the_oracle();
}

static void a_record_left_odd_can_be_written_and_read_again(void **state)
{
	struct vmatlas_region region = region_of(1, 1, 9), read;
	struct vmatlas_region *record;
	uint32_t id = 1;

	(void)state;
	clear();
	regions_put(&region);
	for (record = NULL; id <= lane_count(regions_records()); id++) {
		record = lane_get(regions_records(), id);
		if (region_read(record, &read))
			break;
	}
	record->sequence |= 1; /* its writer was in another process when this one was forked off */
	assert_false(region_read(record, &read));
	region.frame = 10;
	clear();
	assert_false(region_read(record, &read));
	regions_put(&region);
	assert_true(region_read(record, &read));
	assert_int_equal(read.frame, 10);
}

/* A region whose fields all follow from its frame. */
static void *write_for_ever(void *stop)
{
	struct dice dice = {99};

	for (uint32_t i = 0; !__atomic_load_n((bool *)stop, __ATOMIC_RELAXED); i++) {
		uint64_t page = dice_below(&dice, PAGES - 1);
		struct vmatlas_region region = region_of(page, 1, (uint32_t)page + 1);
		struct regions_undo undo;

		if (i % 3)
			regions_put(&region);
		else
			regions_cut(region.start, region.end, &undo);
	}
	return NULL;
}

static void assert_whole(const struct vmatlas_region *region)
{
	uint64_t page = (region->start - BASE) / PAGE;

	assert_true(region->end == region->start + PAGE);
	assert_true(region->frame == page + 1 && region->time == page + 1);
	assert_true(region->thread == ~region->frame && region->call == VMATLAS_CALL_MMAP);
}

static void readers_see_whole_records_while_they_change(void **state)
{
	struct vmatlas_region region;
	bool stop = false;
	unsigned seen = 0;
	pthread_t writer;

	(void)state;
	clear();
	pthread_create(&writer, NULL, write_for_ever, &stop);
	while (seen < 200000) {
		uint32_t count = lane_count(regions_records());

		for (uint32_t id = 1; id <= count; id++) {
			if (!region_read(lane_get(regions_records(), id), &region))
				continue;
			assert_whole(&region);
			seen++;
		}
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	assert_int_equal(regions_lost(), 0);
}

static void a_lock_that_is_never_released_costs_a_count(void **state)
{
	struct vmatlas_region region = region_of(1, 1, 3);
	struct regions_undo undo;
	uint64_t before = regions_lost();

	(void)state;
	clear();
	atomic_store(&locks()->regions.taken, 1);
	regions_put(&region);
	regions_cut(region.start, region.end, &undo);
	assert_int_equal(undo.count, 0);
	assert_false(regions_find(region.start, &region));
	atomic_store(&locks()->regions.taken, 0);
	assert_int_equal(regions_lost() - before, 2);
	assert_as_the_oracle();
}

/* What the program may have written there: nothing, anything, numbers near what stood there. */
static uint64_t rubbish(struct dice *dice, uint64_t was)
{
	switch (dice_below(dice, 4)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return was + dice_below(dice, 64) * PAGE;
	}
	return (uint64_t)dice_below(dice, UINT32_MAX) << 32 | dice_below(dice, UINT32_MAX);
}

static void write_over(struct dice *dice)
{
	const struct lane *records = regions_records();

	for (uint32_t id = 1; id <= lane_count(records); id++) {
		struct vmatlas_region *record = lane_get(records, id);

		if (dice_below(dice, 3))
			continue;
		record->start = rubbish(dice, record->start);
		record->end = rubbish(dice, record->end);
		record->state = dice_below(dice, 3);
		record->next = dice_below(dice, 2) ? dice_below(dice, 300) : UINT32_MAX;
	}
}

/* The last test: no figure is right after it. Each call comes to an end, under its alarm. */
static void records_that_were_written_over_cost_figures_only(void **state)
{
	struct regions_undo undo;
	struct dice dice = {7};
	struct vmatlas_region region;

	(void)state;
	alarm(60);
	for (int i = 0; i < 3000; i++) {
		uint32_t page = dice_below(&dice, PAGES - LONGEST);

		if (i % 20 == 0)
			write_over(&dice);
		region = region_of(page, 1 + dice_below(&dice, LONGEST), 1 + (uint32_t)i);
		regions_put(&region);
		regions_cut(address(page), address(page + 3), &undo);
		regions_put_back(&undo);
		regions_find(address(page), &region);
	}
	regions_cut(0, UINT64_MAX, &undo);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_leave_every_page_with_its_owner),
		cmocka_unit_test(a_range_of_no_bytes_changes_nothing),
		cmocka_unit_test(a_range_that_ends_before_it_starts_changes_nothing),
		cmocka_unit_test(a_record_left_odd_can_be_written_and_read_again),
		cmocka_unit_test(readers_see_whole_records_while_they_change),
		cmocka_unit_test(a_lock_that_is_never_released_costs_a_count),
		cmocka_unit_test(records_that_were_written_over_cost_figures_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
