#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "clock.h"
#include "dice.h"
#include "kernel_maps.h"
#include "mappings.h"
#include "sys.h"
#include "vmatlas_store.h"

enum { PAGE = 4096, PAGES = 64, STEPS = 3000 };

/* Far enough in the future that nothing is asked again just to make sure. */
static uint64_t now = 1;
static struct mappings_cache cache;

static int set_up(void **state)
{
	(void)state;
	clock_boot();
	mappings_boot();
	return 0;
}

static void assert_tag_in(struct mappings_cache *asker, const void *address, size_t size)
{
	struct mappings_place *place = mappings_tag(asker, (uintptr_t)address, size, now);
	const struct vmatlas_birth *birth;
	struct kernel_line line;

	if (!kernel_find((uintptr_t)address, &line)) {
		assert_null(place);
		return;
	}
	assert_non_null(place);
	birth = lane_find(mappings_births(), place->birth);
	assert_non_null(birth);
	assert_int_equal(birth->start, line.start);
	assert_int_equal(birth->end, line.end);
}

/* The kernel's text, read now, says the same. */
static void assert_tag(const void *address, size_t size)
{
	assert_tag_in(&cache, address, size);
}

static char *map(size_t size, int protection)
{
	char *start = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(start, MAP_FAILED);
	mappings_changed((uintptr_t)start, (uintptr_t)start + size);
	return start;
}

static void every_mapping_of_the_process_is_told(void **state)
{
	static struct kernel_line lines[1000];
	unsigned count = kernel_maps(lines, 1000);

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		if (lines[i].name[0] != '[')
			assert_tag((void *)(lines[i].start + 8), 8);
	}
	assert_tag((void *)16, 8);
}

static void one_answer_serves_until_something_changes(void **state)
{
	char *area = map(PAGES * PAGE, PROT_READ | PROT_WRITE);
	uint64_t asked;

	(void)state;
	assert_tag(area, 8);
	asked = ask_counts().queries;
	for (int i = 0; i < 10000; i++)
		assert_non_null(mappings_tag(&cache, (uintptr_t)area + (uintptr_t)i, 8, now));
	mappings_changed(16, 32); /* far away */
	assert_non_null(mappings_tag(&cache, (uintptr_t)area, 8, now));
	assert_int_equal(ask_counts().queries, asked);
	mappings_changed_all();
	assert_non_null(mappings_tag(&cache, (uintptr_t)area, 8, now));
	assert_int_equal(ask_counts().queries, asked + 1);
}

/* mmap, munmap and mprotect inside a reserved area, each told, by another thread's cache too. */
static void change(char *area, struct dice *dice)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ};
	uint64_t page = dice_below(dice, PAGES), pages = 1 + dice_below(dice, PAGES - page);
	char *start = area + page * PAGE;
	int protection = protections[dice_below(dice, 4)];

	switch (dice_below(dice, 3)) {
	case 0:
		munmap(start, pages * PAGE);
		break;
	case 1:
		assert_ptr_equal(mmap(start, pages * PAGE, protection,
					 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			start);
		break;
	default:
		mprotect(start, pages * PAGE, protection);
	}
	mappings_changed((uintptr_t)start, (uintptr_t)start + pages * PAGE);
}

static void after_every_change_the_tag_is_the_kernels(void **state)
{
	/* Room around it, so that no neighbour of another kind changes by itself. */
	char *area = map((PAGES + 2) * PAGE, PROT_NONE) + PAGE;
	struct mappings_cache other = {0};
	struct dice dice = {5};

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		if (dice_below(&dice, 3) == 0)
			change(area, &dice);
		assert_tag_in(dice_below(&dice, 2) ? &other : &cache,
			area + dice_below(&dice, PAGES * PAGE - 64), 1);
	}
	munmap(area - PAGE, (PAGES + 2) * PAGE);
	mappings_changed_all();
}

static void more_changes_than_are_kept_make_it_ask(void **state)
{
	char *area = map(PAGES * PAGE, PROT_READ | PROT_WRITE);
	uint64_t asked;

	(void)state;
	assert_tag(area, 8);
	asked = ask_counts().queries;
	for (int i = 0; i < 1000; i++)
		mappings_changed(16, 32);
	assert_non_null(mappings_tag(&cache, (uintptr_t)area, 8, now));
	assert_int_equal(ask_counts().queries, asked + 1);
}

/* The kernel merges like neighbours; the change at one's end makes both old answers void. */
static void a_neighbour_that_merges_is_seen(void **state)
{
	char *area = map(4 * PAGE, PROT_NONE);

	(void)state;
	mprotect(area + PAGE, PAGE, PROT_READ | PROT_WRITE);
	mappings_changed((uintptr_t)area + PAGE, (uintptr_t)area + 2 * PAGE);
	assert_tag(area + PAGE, 8);
	mprotect(area + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	mappings_changed((uintptr_t)area + 2 * PAGE, (uintptr_t)area + 3 * PAGE);
	assert_tag(area + PAGE, 8);
	assert_tag(area + 2 * PAGE, 8);
}

static void the_heap_is_followed_without_being_told(void **state)
{
	static const int steps[] = {1, 5000, 100000, -50000, 1 << 20, -(1 << 20), 4096, -4096, 33};
	char *heap = sbrk(PAGE);
	uint64_t asked;

	(void)state;
	assert_tag(heap, 8);
	asked = ask_counts().queries;
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		assert_ptr_not_equal(sbrk(steps[i]), (void *)-1);
		assert_tag(heap, 8);
	}
	assert_int_equal(ask_counts().queries, asked);
}

static void a_block_across_the_end_of_the_heap_as_it_was_is_in_it(void **state)
{
	char *end = sbrk(0);

	(void)state;
	sbrk(4 * PAGE);
	assert_tag(end - 64, 3 * PAGE);
	assert_tag(end + PAGE, PAGE);
}

/* Raw system calls: mapped and unmapped without a word. */
static void what_nobody_told_is_found_out_in_time(void **state)
{
	char *area = map(4 * PAGE, PROT_READ | PROT_WRITE);

	(void)state;
	assert_tag(area, 8);
	mprotect(area + 2 * PAGE, 2 * PAGE, PROT_NONE);
	now += clock_frequency(); /* a second later */
	assert_tag(area, 8);
	assert_tag(area + 2 * PAGE, 8);
	munmap(area, PAGE);
	now += clock_frequency();
	assert_tag(area, 8); /* NULL */
	assert_tag(area + PAGE, 8);
}

static void a_block_that_reaches_past_what_was_known_makes_it_ask(void **state)
{
	char *area = map(4 * PAGE, PROT_NONE);

	(void)state;
	mprotect(area, PAGE, PROT_READ | PROT_WRITE);
	mappings_changed_all();
	assert_tag(area, 8);
	mprotect(area, 2 * PAGE, PROT_READ | PROT_WRITE); /* as glibc grows an arena */
	assert_tag(area + PAGE - 32, 128);
	mprotect(area, 3 * PAGE, PROT_READ | PROT_WRITE);
	assert_tag(area + 2 * PAGE, 64);
}

static void *tag_all(void *area)
{
	struct mappings_cache mine = {0};

	for (int i = 0; i < PAGES; i += 2)
		mappings_tag(&mine, (uintptr_t)area + (uintptr_t)i * PAGE, 8, now);
	return NULL;
}

/* What one thread learned, another takes over without asking, as long as it is true. */
static void what_another_thread_was_told_is_an_answer(void **state)
{
	char *area = map(16 << 20, PROT_READ | PROT_WRITE);
	struct mappings_cache mine = {0};
	pthread_t thread;
	uint64_t asked;

	(void)state;
	pthread_create(&thread, NULL, tag_all, area);
	pthread_join(thread, NULL);
	mappings_changed(16, 32); /* glibc unmapped a stack or kept it; either way: told */
	asked = ask_counts().queries;
	assert_tag_in(&mine, area + 100, 8);
	assert_in_range(ask_counts().queries - asked, 0, 1);
	mprotect(area + PAGE, PAGE, PROT_NONE);
	mappings_changed((uintptr_t)area + PAGE, (uintptr_t)area + 2 * PAGE);
	mine = (struct mappings_cache){0};
	assert_tag_in(&mine, area + 100, 8);
	munmap(area, 16 << 20);
	mappings_changed_all();
}

static void equal_extents_have_one_number(void **state)
{
	char *area = map(PAGE, PROT_READ | PROT_WRITE);
	uint32_t first = mappings_tag(&cache, (uintptr_t)area, 8, now)->birth;

	(void)state;
	mappings_changed_all();
	assert_int_equal(mappings_tag(&cache, (uintptr_t)area, 8, now)->birth, first);
	assert_int_equal(mappings_lost(), 0);
}

static int set_up_text(void **state)
{
	(void)state;
	ask_by_text();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mapping_of_the_process_is_told),
		cmocka_unit_test(one_answer_serves_until_something_changes),
		cmocka_unit_test(after_every_change_the_tag_is_the_kernels),
		cmocka_unit_test(more_changes_than_are_kept_make_it_ask),
		cmocka_unit_test(a_neighbour_that_merges_is_seen),
		cmocka_unit_test(the_heap_is_followed_without_being_told),
		cmocka_unit_test(a_block_across_the_end_of_the_heap_as_it_was_is_in_it),
		cmocka_unit_test(what_nobody_told_is_found_out_in_time),
		cmocka_unit_test(a_block_that_reaches_past_what_was_known_makes_it_ask),
		cmocka_unit_test(what_another_thread_was_told_is_an_answer),
		cmocka_unit_test(equal_extents_have_one_number),
	};
	const struct CMUnitTest by_text[] = {
		cmocka_unit_test(every_mapping_of_the_process_is_told),
		cmocka_unit_test(after_every_change_the_tag_is_the_kernels),
		cmocka_unit_test(the_heap_is_followed_without_being_told),
		cmocka_unit_test(what_nobody_told_is_found_out_in_time),
	};
	int failed = cmocka_run_group_tests_name("by query", tests, set_up, NULL);

	return failed + cmocka_run_group_tests_name("by text", by_text, set_up_text, NULL);
}
