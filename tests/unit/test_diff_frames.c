#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "diff_frames.h"
#include "vmatlas_snapshot.h"

enum { FRAMES = 8, MODULES = 4 };

/* The tables of one snapshot, as far as call stacks need them. */
struct tables {
	struct view view;
	struct lane frames, modules, strings;
	struct vmatlas_frame frame[FRAMES];
	struct vmatlas_module module[MODULES];
	char string[MODULES][VMATLAS_STRING_RECORD];
	uint32_t frames_used, modules_used;
};

static void finish(struct tables *tables)
{
	lane_over(&tables->frames, tables->frame, tables->frames_used, sizeof(*tables->frame));
	lane_over(&tables->modules, tables->module, tables->modules_used, sizeof(*tables->module));
	lane_over(&tables->strings, tables->string, MODULES, VMATLAS_STRING_RECORD);
	tables->view.frames = &tables->frames;
	tables->view.modules = &tables->modules;
	tables->view.strings = &tables->strings;
}

/* build_id: one byte of it, 0 for none. */
static uint32_t add_module(struct tables *tables, uint64_t bias, const char *path, uint8_t build_id)
{
	struct vmatlas_module *module = &tables->module[tables->modules_used++];
	uint32_t length = (uint32_t)strlen(path);

	*module = (struct vmatlas_module){.start = bias,
		.end = bias + 0x10000,
		.bias = bias,
		.path = tables->modules_used,
		.build_id_length = build_id ? 20 : 0,
		.build_id = {build_id}};
	memcpy(tables->string[tables->modules_used - 1], &length, sizeof(length));
	memcpy(tables->string[tables->modules_used - 1] + sizeof(length), path, length);
	return tables->modules_used;
}

static uint32_t add_frame(struct tables *tables, uint32_t module, uint64_t offset, uint32_t parent)
{
	uint64_t bias = module ? tables->module[module - 1].bias : 0;

	tables->frame[tables->frames_used++] =
		(struct vmatlas_frame){bias + offset, parent, module};
	return tables->frames_used;
}

static struct diff_frames compared(struct tables *old, struct tables *new)
{
	struct diff_frames frames;

	finish(old);
	finish(new);
	assert_int_equal(diff_frames_make(&frames, &old->view, &new->view), 0);
	return frames;
}

static bool same(const struct diff_frames *frames, uint32_t old, uint32_t new)
{
	uint32_t a = diff_frames_of(frames, 0, old), b = diff_frames_of(frames, 1, new);

	assert_int_not_equal(a, 0);
	assert_int_not_equal(b, 0);
	return a == b;
}

static void same_places_at_other_addresses_and_numbers(void **state)
{
	struct tables old = {0}, new = {0};
	struct diff_frames frames;
	uint32_t a, b, c, d, x, y, z, first, second;

	(void)state;
	first = add_module(&old, 0x400000, "/bin/a", 1);
	second = add_module(&old, 0x7f0000000000, "/lib/b", 2);
	a = add_frame(&old, first, 0x10, 0);
	b = add_frame(&old, second, 0x20, a);
	c = add_frame(&old, second, 0x20, 0);
	second = add_module(&new, 0x7e0000000000, "/lib/b", 2);
	first = add_module(&new, 0x500000, "/bin/a", 1);
	x = add_frame(&new, second, 0x20, 0);
	y = add_frame(&new, first, 0x10, 0);
	z = add_frame(&new, second, 0x20, y);
	d = add_frame(&new, second, 0x21, y);
	frames = compared(&old, &new);
	assert_true(same(&frames, a, y));
	assert_true(same(&frames, b, z));
	assert_true(same(&frames, c, x));
	assert_false(same(&frames, b, x));
	assert_false(same(&frames, b, d));
	assert_int_equal(frames.count, 4);
	diff_frames_free(&frames);
}

static void a_build_id_counts_more_than_a_path(void **state)
{
	struct tables old = {0}, new = {0};
	struct diff_frames frames;

	(void)state;
	add_frame(&old, add_module(&old, 0, "/bin/a", 1), 0x10, 0);
	add_frame(&old, add_module(&old, 0, "/bin/b", 3), 0x10, 0);
	add_frame(&old, add_module(&old, 0, "/bin/c", 0), 0x10, 0);
	add_frame(&new, add_module(&new, 0, "/bin/renamed", 1), 0x10, 0);
	add_frame(&new, add_module(&new, 0, "/bin/b", 4), 0x10, 0);
	add_frame(&new, add_module(&new, 0, "/bin/c", 0), 0x10, 0);
	frames = compared(&old, &new);
	assert_true(same(&frames, 1, 1));
	assert_false(same(&frames, 2, 2));
	assert_true(same(&frames, 3, 3));
	diff_frames_free(&frames);
}

static void outside_of_files_addresses_count(void **state)
{
	struct tables old = {0}, new = {0};
	struct diff_frames frames;

	(void)state;
	add_frame(&old, 0, 0x7f1234, 0);
	add_frame(&new, 0, 0x7f1235, 0);
	add_frame(&new, 0, 0x7f1234, 0);
	add_frame(&old, add_module(&old, 0x1000, "", 0), 0x5, 0);
	add_frame(&new, add_module(&new, 0x2000, "", 0), 0x5, 0);
	frames = compared(&old, &new);
	assert_false(same(&frames, 1, 1));
	assert_true(same(&frames, 1, 2));
	assert_false(same(&frames, 2, 3));
	diff_frames_free(&frames);
}

static void numbers_that_lead_nowhere_are_none(void **state)
{
	struct tables old = {0}, new = {0};
	struct diff_frames frames;

	(void)state;
	old.frame[old.frames_used++] = (struct vmatlas_frame){0x10, 7, 9};
	frames = compared(&old, &new);
	assert_int_not_equal(diff_frames_of(&frames, 0, 1), 0);
	assert_int_equal(diff_frames_of(&frames, 0, 0), 0);
	assert_int_equal(diff_frames_of(&frames, 0, 2), 0);
	assert_int_equal(diff_frames_of(&frames, 1, 1), 0);
	diff_frames_free(&frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_places_at_other_addresses_and_numbers),
		cmocka_unit_test(a_build_id_counts_more_than_a_path),
		cmocka_unit_test(outside_of_files_addresses_count),
		cmocka_unit_test(numbers_that_lead_nowhere_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
