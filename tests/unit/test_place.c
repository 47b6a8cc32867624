#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/place.h"
#include "world.h"

static void offset_is_what_the_files_headers_count(void **state)
{
	struct world *world = world_make();
	struct place place;
	size_t length;

	(void)state;
	assert_true(place_of(&world->view, F_LIBC, &place));
	assert_int_equal(place.pc, LIBC + 0x300);
	assert_int_equal(place.offset, 0x300);
	assert_int_equal(place.parent, F_TABLE);
	assert_memory_equal(place.module, "/usr/lib/libc.so.6", place.module_length);
	assert_memory_equal(place_module(&place, &length), "libc.so.6", 9);
	assert_int_equal(length, 9);
	free(world);
}

static void code_in_no_file_has_no_module(void **state)
{
	struct world *world = world_make();
	struct place place;
	size_t length;

	(void)state;
	assert_true(place_of(&world->view, F_NAMELESS, &place));
	assert_null(place.module);
	assert_int_equal(place.offset, 0);
	assert_null(place_module(&place, &length));
	free(world);
}

static void numbers_that_lead_nowhere_are_no_places(void **state)
{
	struct world *world = world_make();
	struct place place;

	(void)state;
	assert_false(place_of(&world->view, 0, &place));
	assert_false(place_of(&world->view, WORLD_FRAMES + 1, &place));
	world->frame[F_MAIN - 1].pc = 0; /* taken, but not filled yet */
	assert_false(place_of(&world->view, F_MAIN, &place));
	free(world);
}

static void module_that_is_gone_or_elsewhere_is_not_believed(void **state)
{
	struct world *world = world_make();
	struct place place;

	(void)state;
	world->frame[F_MAIN - 1].module = 77;
	assert_true(place_of(&world->view, F_MAIN, &place));
	assert_null(place.module);
	world->frame[F_MAIN - 1].module = 2;
	assert_true(place_of(&world->view, F_MAIN, &place));
	assert_null(place.module);
	world->frame[F_MAIN - 1].module = 1;
	world->module[0].path = 99;
	assert_true(place_of(&world->view, F_MAIN, &place));
	assert_null(place.module);
	free(world);
}

static void return_address_behind_the_last_instruction_is_inside(void **state)
{
	struct world *world = world_make();
	struct place place;

	(void)state;
	world->frame[F_MAIN - 1].pc = SERVER + 0x10000;
	assert_true(place_of(&world->view, F_MAIN, &place));
	assert_non_null(place.module);
	free(world);
}

static void circles_are_cut(void **state)
{
	struct world *world = world_make();
	struct place place;
	uint32_t caller;

	(void)state;
	world->frame[F_MAIN - 1].parent = F_LIBC;
	assert_true(place_of(&world->view, F_MAIN, &place));
	assert_int_equal(place.parent, 0);
	world->frame[F_MAIN - 1].parent = F_MAIN;
	assert_true(place_of_caller(&world->view, F_MAIN, &caller, &place));
	assert_int_equal(caller, F_MAIN);
	free(world);
}

static void caller_is_the_first_outside_of_libc(void **state)
{
	struct world *world = world_make();
	struct place place;
	uint32_t caller = 0;

	(void)state;
	assert_true(place_of_caller(&world->view, F_LIBC, &caller, &place));
	assert_int_equal(caller, F_TABLE);
	assert_int_equal(place.pc, SERVER + 0x200);
	/* Code in no file is somebody. */
	assert_true(place_of_caller(&world->view, F_NAMELESS, &caller, &place));
	assert_int_equal(caller, F_NAMELESS);
	free(world);
}

static void call_stack_within_libc_has_its_innermost_frame_as_caller(void **state)
{
	struct world *world = world_make();
	struct place place;
	uint32_t caller = 0;

	(void)state;
	world->frame[F_LIBC - 1].parent = 0;
	assert_true(place_of_caller(&world->view, F_LIBC, &caller, &place));
	assert_int_equal(caller, F_LIBC);
	assert_int_equal(place.pc, LIBC + 0x300);
	assert_false(place_of_caller(&world->view, 0, &caller, &place));
	free(world);
}

static void base_is_the_last_part(void **state)
{
	static const struct {
		const char *path, *base;
	} rows[] = {{"/usr/bin/x", "x"}, {"x", "x"}, {"", ""}, {"/", "/"}, {"/a/", "/a/"},
		{"/a/b c", "b c"}};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].path);
		const char *base = place_base(rows[i].path, &length);

		assert_int_equal(length, strlen(rows[i].base));
		assert_memory_equal(base, rows[i].base, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offset_is_what_the_files_headers_count),
		cmocka_unit_test(code_in_no_file_has_no_module),
		cmocka_unit_test(numbers_that_lead_nowhere_are_no_places),
		cmocka_unit_test(module_that_is_gone_or_elsewhere_is_not_believed),
		cmocka_unit_test(return_address_behind_the_last_instruction_is_inside),
		cmocka_unit_test(circles_are_cut),
		cmocka_unit_test(caller_is_the_first_outside_of_libc),
		cmocka_unit_test(call_stack_within_libc_has_its_innermost_frame_as_caller),
		cmocka_unit_test(base_is_the_last_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
