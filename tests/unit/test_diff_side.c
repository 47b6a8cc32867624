#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "diff_model.h"
#include "diff_side.h"
#include "model.h"

static const struct listing_how smaps = {.smaps = true};

/* A file of this content, to be removed. */
static const char *file_of(const char *content, size_t length)
{
	static char path[64];
	FILE *file;

	strcpy(path, "/tmp/vmatlas-test-XXXXXX");
	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, length, file), length);
	fclose(file);
	return path;
}

static int open_content(struct diff_side *side, const char *content, size_t length)
{
	const char *path = file_of(content, length);
	int status = diff_side_open(side, path, &smaps);

	unlink(path);
	return status;
}

static void open_text(struct diff_side *side, const char *text)
{
	assert_int_equal(open_content(side, text, strlen(text)), 0);
}

/* The snapshot of a model that is somewhat different. */
static void open_model(struct diff_side *side, void change(struct view *view))
{
	struct model *model = model_make();
	size_t size;
	char *bytes;

	if (change)
		change(&model->view);
	bytes = model_write(model, 1 << 20, &size);
	assert_int_equal(open_content(side, bytes, size), 0);
	free(bytes);
	model_free(model);
}

static void a_snapshot_has_an_atlas(void **state)
{
	struct diff_side side;
	size_t length;

	(void)state;
	open_model(&side, NULL);
	assert_non_null(side.snapshot);
	assert_null(side.listing);
	assert_int_equal(side.atlas.live_blocks, 6);
	assert_int_equal(side.items.count, side.atlas.parts);
	assert_true(diff_side_knows_rss(&side));
	assert_true(diff_side_knows_pages(&side));
	assert_string_equal(diff_side_program(&side, &length), "/usr/bin/model");
	assert_int_equal(length, 14);
	diff_side_close(&side);
}

static void a_list_has_its_rows(void **state)
{
	static const char text[] = "00400000-00401000 r-xp 00000000 fd:01 42 /bin/a\n"
				   "00600000-00700000 rw-p 00000000 00:00 0 [heap]\n";
	struct diff_side side;
	size_t length;

	(void)state;
	open_text(&side, text);
	assert_null(side.snapshot);
	assert_int_equal(side.items.count, 2);
	assert_int_equal(side.items.item[1].figure[DIFF_SIZE], 0x100000);
	assert_int_equal(side.items.item[1].kind, KIND_HEAP);
	assert_false(diff_side_knows_rss(&side));
	assert_false(diff_side_knows_pages(&side));
	assert_memory_equal(diff_side_program(&side, &length), "/bin/a", 6);
	assert_int_equal(length, 6);
	diff_side_close(&side);
}

static void what_a_list_shows_out_of_order_is_put_in_order(void **state)
{
	struct diff_side side;

	(void)state;
	open_text(&side, "00600000-00700000 rw-p 00000000 00:00 0 \n"
			 "00400000-00401000 rw-p 00000000 00:00 0 \n");
	assert_int_equal(side.items.item[0].start, 0x400000);
	assert_int_equal(side.items.item[1].start, 0x600000);
	diff_side_close(&side);
}

/* Standard error, while something is said that the test expects. */
static int refused(const char *content, size_t length)
{
	int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY), status;
	struct diff_side side;

	fflush(stderr);
	dup2(nowhere, STDERR_FILENO);
	status = open_content(&side, content, length);
	diff_side_close(&side);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(nowhere);
	return status;
}

static void what_makes_no_sense_is_refused_and_can_be_closed(void **state)
{
	struct model *model = model_make();
	size_t size;
	char *bytes = model_write(model, 1 << 20, &size);

	(void)state;
	assert_int_equal(refused("", 0), 1);
	assert_int_equal(refused("not a list\n", 11), 1);
	assert_int_equal(refused(bytes, size / 2), 1);
	assert_int_equal(refused(bytes, 8), 1);
	free(bytes);
	model_free(model);
}

/* -- Of one process ------------------------------------------------------------------------- */

static void later(struct view *view)
{
	view->now.ticks += 5000;
	view->now.monotonic_ns += 3000;
	view->now.realtime_ns -= 1000000; /* the clock was set */
}

static void another_process(struct view *view)
{
	later(view);
	view->pid++;
}

static void started_again(struct view *view)
{
	view->start.realtime_ns += 1000000000;
	view->now.realtime_ns += 2000000000;
}

static void one_process_is_known_by_number_start_and_program(void **state)
{
	struct diff_side first, second, third, fourth;
	int64_t ns;

	(void)state;
	open_model(&first, NULL);
	open_model(&second, later);
	open_model(&third, another_process);
	open_model(&fourth, started_again);
	assert_true(diff_side_same_process(&first, &second));
	assert_false(diff_side_same_process(&first, &third));
	assert_false(diff_side_same_process(&first, &fourth));
	assert_true(diff_side_apart(&first, &second, &ns));
	assert_int_equal(ns, 3000);
	assert_true(diff_side_apart(&second, &first, &ns));
	assert_int_equal(ns, -3000);
	assert_true(diff_side_apart(&first, &fourth, &ns));
	assert_int_equal(ns, 2000000000);
	diff_side_close(&first);
	diff_side_close(&second);
	diff_side_close(&third);
	diff_side_close(&fourth);
}

/* -- Of one address space ------------------------------------------------------------------- */

static bool same_space(const char *a, const char *b)
{
	struct diff_side old, new;
	bool same;

	open_text(&old, a);
	open_text(&new, b);
	same = diff_side_same_space(&old, &new);
	assert_int_equal(same, diff_side_same_space(&new, &old));
	diff_side_close(&old);
	diff_side_close(&new);
	return same;
}

static void one_space_is_known_by_what_has_a_name(void **state)
{
	static const char here[] = "00400000-00401000 r-xp 00000000 fd:01 42 /bin/a\n"
				   "00600000-00700000 rw-p 00000000 00:00 0 [heap]\n"
				   "7ffd00000000-7ffd00010000 rw-p 00000000 00:00 0 [stack]\n";
	static const char grown[] = "00400000-00401000 r-xp 00000000 fd:01 42 /bin/a\n"
				    "00600000-00900000 rw-p 00000000 00:00 0 [heap]\n"
				    "7f0000000000-7f0000010000 r-xp 00000000 fd:01 43 /lib/b\n"
				    "7ffcffff0000-7ffd00010000 rw-p 00000000 00:00 0 [stack]\n";
	static const char elsewhere[] = "00400000-00401000 r-xp 00000000 fd:01 42 /bin/a\n"
					"00650000-00700000 rw-p 00000000 00:00 0 [heap]\n"
					"7ffe00000000-7ffe00010000 rw-p 00000000 00:00 0 [stack]\n";
	static const char nameless[] = "00600000-00700000 rw-p 00000000 00:00 0 \n";

	(void)state;
	assert_true(same_space(here, here));
	assert_true(same_space(here, grown));
	assert_false(same_space(here, elsewhere));
	assert_true(same_space(nameless, nameless));
	assert_true(same_space(nameless, here));
}

/* -- A snapshot beside a list ---------------------------------------------------------------- */

static void beside_a_list_a_snapshot_is_a_list(void **state)
{
	struct diff_side snapshot, list;
	struct diff_model model;

	(void)state;
	open_model(&snapshot, NULL);
	open_text(&list, model_smaps);
	assert_int_equal(diff_model_make(&model, &snapshot, &list), 0);
	assert_false(model.deep);
	assert_true(model.rss);
	assert_true(model.same_space);
	assert_int_equal(model.changes.count, 4);
	for (uint32_t i = 0; i < model.changes.count; i++)
		assert_string_equal(diff_change_word(&model.changes.change[i]), "same");
	assert_int_equal(model.notes, 1);
	diff_model_free(&model);
	diff_side_close(&snapshot);
	diff_side_close(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_has_an_atlas),
		cmocka_unit_test(a_list_has_its_rows),
		cmocka_unit_test(what_a_list_shows_out_of_order_is_put_in_order),
		cmocka_unit_test(what_makes_no_sense_is_refused_and_can_be_closed),
		cmocka_unit_test(one_process_is_known_by_number_start_and_program),
		cmocka_unit_test(one_space_is_known_by_what_has_a_name),
		cmocka_unit_test(beside_a_list_a_snapshot_is_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
