/* Suspects by what they mapped: snapshots made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "diff_leaks_regions.h"

enum { SNAPSHOTS = 3, REGIONS = 8, FRAME = 2, PAGE = 4096 };

struct scene {
	struct atlas_region region[SNAPSHOTS][REGIONS];
	struct diff_side side[SNAPSHOTS];
	struct diff_leak leak[REGIONS];
	uint64_t live[REGIONS * SNAPSHOTS];
	struct diff_leaks leaks;
};

static void scene_begin(struct scene *scene, unsigned sides)
{
	*scene = (struct scene){.leaks = {.sides = sides, .survived = sides > 2}};
	scene->leaks.leak = scene->leak;
	scene->leaks.live = scene->live;
	for (unsigned i = 0; i < sides; i++) {
		scene->side[i].atlas.region = scene->region[i];
		scene->side[i].atlas.frames = FRAME;
		scene->side[i].view.now.ticks = 100 * (i + 1);
	}
}

/* A region of so many pages in the snapshots from number `from` on. */
static void maps(struct scene *scene, unsigned from, uint64_t start, uint64_t pages, uint64_t time)
{
	for (unsigned i = from; i < scene->leaks.sides; i++)
		scene->region[i][scene->side[i].atlas.regions++] = (struct atlas_region){
			.start = start,
			.end = start + pages * PAGE,
			.time = time,
			.frame = FRAME,
			.call = VMATLAS_CALL_MMAP,
		};
}

static const struct diff_leak *suspect(struct scene *scene)
{
	assert_int_equal(diff_leaks_regions(&scene->leaks, scene->side), 0);
	assert_int_equal(scene->leaks.count, 1);
	assert_int_equal(scene->leak[0].frame, FRAME);
	assert_true(scene->leak[0].mapped);
	return &scene->leak[0];
}

/* The coarse clock lags behind what snapshots say of themselves: all times here are too early. */
static void times_that_lag(void **state)
{
	const struct diff_leak *found;
	struct scene scene;

	(void)state;
	scene_begin(&scene, 3);
	maps(&scene, 1, 0x10000, 3, 99);
	maps(&scene, 2, 0x20000, 3, 199);
	found = suspect(&scene);
	assert_int_equal(found->blocks, 1);
	assert_int_equal(found->bytes, 3 * PAGE);
	assert_int_equal(found->live[1], 3 * PAGE);
	assert_int_equal(found->live[2], 6 * PAGE);
}

/* Two calls of one moment; of the first, the middle was unmapped since. */
static void pieces_of_a_call(void **state)
{
	const struct diff_leak *found;
	struct scene scene;

	(void)state;
	scene_begin(&scene, 3);
	maps(&scene, 1, 0x10000, 5, 150);
	maps(&scene, 1, 0x20000, 2, 150);
	maps(&scene, 2, 0x30000, 9, 250);
	scene.region[2][0].end = 0x10000 + 1 * PAGE;
	maps(&scene, 2, 0x10000 + 3 * PAGE, 2, 150);
	found = suspect(&scene);
	assert_int_equal(found->blocks, 3);
	assert_int_equal(found->bytes, (1 + 2 + 2) * PAGE);
}

/* What was there before, and what has come to an old place, is no evidence. */
static void who_did_not_come_in_between(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, 3);
	maps(&scene, 0, 0x10000, 1, 50);
	maps(&scene, 1, 0x20000, 2, 150);
	scene.side[2].atlas.regions = 1;
	maps(&scene, 2, 0x20000, 2, 250);
	maps(&scene, 2, 0x30000, 2, 250);
	assert_int_equal(suspect(&scene)->blocks, 0);
}

static void of_two_snapshots(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, 2);
	maps(&scene, 0, 0x10000, 1, 50);
	maps(&scene, 1, 0x20000, 2, 99);
	assert_int_equal(suspect(&scene)->bytes, 2 * PAGE);

	scene_begin(&scene, 2);
	maps(&scene, 0, 0x10000, 1, 50);
	scene.side[1].atlas.regions = 0;
	maps(&scene, 1, 0x20000, 2, 150);
	assert_int_equal(suspect(&scene)->blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_that_lag),
		cmocka_unit_test(pieces_of_a_call),
		cmocka_unit_test(who_did_not_come_in_between),
		cmocka_unit_test(of_two_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
