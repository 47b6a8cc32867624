/* test_phases.c - phases that a program names, from the mark to the reports. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>

#include "phase.h"
#include "phases.h"
#include "report_json_phases.h"
#include "report_text_phases.h"
#include "world.h"

/* -- Marking -------------------------------------------------------------------------------- */

static struct vmatlas_phase newest(void)
{
	struct view view = {.phases = phases_lane()};
	struct vmatlas_phase phase;

	assert_true(phase_read(&view, phase_count(&view), &phase));
	return phase;
}

static void assert_name(const char *marked, const char *kept)
{
	struct vmatlas_phase phase;

	assert_int_equal(phases_mark(marked), 0);
	phase = newest();
	assert_int_equal(phase.name_length, strlen(kept));
	assert_memory_equal(phase.name, kept, strlen(kept));
}

static void names_are_copied_and_cut(void **state)
{
	char name[100];

	(void)state;
	assert_name("short", "short");
	memset(name, 'x', sizeof name);
	name[64] = 0;
	assert_name(name, name);
	name[64] = 'y';
	name[99] = 0;
	assert_int_equal(phases_mark(name), 0);
	assert_int_equal(newest().name_length, 64);
}

static void names_are_cut_between_characters(void **state)
{
	char name[100], kept[100];

	(void)state;
	for (unsigned before = 60; before < 64; before++) {
		memset(name, 'x', before);
		strcpy(name + before, "€ and more");
		memcpy(kept, name, sizeof kept);
		kept[before + 3 <= 64 ? 64 : before] = 0;
		assert_name(name, kept);
	}
}

/* What is no UTF-8 is cut where the room ends, or shorter, but not to nothing. */
static void bytes_that_are_no_characters_are_cut_too(void **state)
{
	char name[100];

	(void)state;
	memset(name, 0x80, 99);
	name[99] = 0;
	assert_int_equal(phases_mark(name), 0);
	assert_int_equal(newest().name_length, 64);
}

static void time_and_memory_are_noted(void **state)
{
	struct vmatlas_phase first, second;

	(void)state;
	phases_mark("first");
	first = newest();
	phases_mark("second");
	second = newest();
	assert_true(second.time >= first.time);
	assert_in_range(first.rss, 100 << 10, 1ull << 40);
	assert_int_equal(first.rss % 4096, 0);
	assert_int_not_equal(first.thread, 0);
}

static void *mark_many(void *unused)
{
	for (int i = 0; i < PHASES_MOST; i++)
		phases_mark("many");
	return unused;
}

/* The last test of the marks: the table is full afterwards. */
static void no_more_than_the_most_are_kept(void **state)
{
	struct view view = {.phases = phases_lane()};
	uint64_t before = phase_count(&view);
	struct vmatlas_phase phase;
	pthread_t thread[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, mark_many, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(phase_count(&view), PHASES_MOST);
	assert_int_equal(phases_lost(), before + 4ull * PHASES_MOST - PHASES_MOST);
	assert_int_equal(phases_mark("one more"), ENOSPC);
	for (uint32_t id = 1; id <= PHASES_MOST; id++)
		assert_true(phase_read(&view, id, &phase));
}

/* -- Reading -------------------------------------------------------------------------------- */

static struct vmatlas_phase phase_of(const char *name, uint64_t time)
{
	struct vmatlas_phase phase = {.time = time,
		.live_bytes = 3 << 20,
		.live_blocks = 1234,
		.allocations = 2000,
		.allocated_bytes = 9999,
		.rss = 8 << 20,
		.thread = 1,
		.name_length = (uint32_t)strlen(name)};

	memcpy(phase.name, name, strlen(name));
	return phase;
}

static void a_view_without_phases_has_none(void **state)
{
	struct view view = {.phases = NULL};
	struct vmatlas_phase phase;

	(void)state;
	assert_int_equal(phase_count(&view), 0);
	assert_false(phase_read(&view, 1, &phase));
}

static void what_is_not_whole_is_not_read(void **state)
{
	struct vmatlas_phase record[] = {phase_of("right", 1), phase_of("unfinished", 0),
		phase_of("damaged", 1)},
			     phase;
	struct lane lane;
	struct view view = {.phases = &lane};

	(void)state;
	record[2].name_length = 65;
	lane_over(&lane, record, 3, sizeof record[0]);
	assert_true(phase_read(&view, 1, &phase));
	assert_false(phase_read(&view, 0, &phase));
	assert_false(phase_read(&view, 2, &phase));
	assert_false(phase_read(&view, 3, &phase));
	assert_false(phase_read(&view, 4, &phase));
}

/* -- Reports -------------------------------------------------------------------------------- */

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void reports_list_them(void **state)
{
	struct world *world = world_make();
	struct vmatlas_phase record[40];
	struct lane lane;
	const char *text;

	(void)state;
	for (int i = 0; i < 40; i++)
		record[i] = phase_of(i == 39 ? "the \"last\"\n"
				     : i     ? "another"
					     : "the first",
			world->view.start.ticks + 1);
	record[38].rss = 0;
	lane_over(&lane, record, 40, sizeof record[0]);
	world->view.phases = &lane;
	text = world_report(world, report_text);
	assert_holds(text, "\nPhases: 40, of which the last 30\n");
	assert_holds(text, "     3.0 MiB         1,234     8.0 MiB  another\n");
	assert_holds(text, "     3.0 MiB         1,234           ?  another\n");
	assert_holds(text, "  the \"last\"\\x0a\n");
	assert_null(strstr(text, "the first"));
	text = world_report(world, report_json);
	assert_holds(text, "{\"name\":\"the first\",\"time_ns\":");
	assert_holds(text, "\"live_bytes\":3145728,\"live_blocks\":1234,\"rss\":8388608,"
			   "\"allocations\":2000,\"allocated_bytes\":9999}");
	assert_holds(text, "\"rss\":null");
	assert_holds(text, "\"the \\\"last\\\"\\u000a\"");
	free(world);
}

static void reports_without_them_are_as_before(void **state)
{
	struct world *world = world_make();

	(void)state;
	world->view.phases = NULL;
	assert_null(strstr(world_report(world, report_text), "Phases"));
	assert_holds(world_report(world, report_json), "\"phases\":[");
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_copied_and_cut),
		cmocka_unit_test(names_are_cut_between_characters),
		cmocka_unit_test(bytes_that_are_no_characters_are_cut_too),
		cmocka_unit_test(time_and_memory_are_noted),
		cmocka_unit_test(no_more_than_the_most_are_kept),
		cmocka_unit_test(a_view_without_phases_has_none),
		cmocka_unit_test(what_is_not_whole_is_not_read),
		cmocka_unit_test(reports_list_them),
		cmocka_unit_test(reports_without_them_are_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
