#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "top_world.h"
#include "tools/top_page.h"

static const struct top_options plain = {.pid = "1", .wanted_ms = 2000, .sort = -1, .filter = ""};

struct world {
	struct top_watch watch;
	struct top_page page;
};

/* A picture as if it had just come. */
static void give(struct world *world, uint32_t growth)
{
	struct model *model = model_make();
	struct framenames *framenames;

	if (growth)
		model_grow(model, growth);
	if (world->watch.moment)
		close_picture(world->watch.moment, world->watch.framenames);
	else
		world->watch.moment = calloc(1, sizeof(*world->watch.moment));
	open_picture(world->watch.moment, model, &framenames);
	world->watch.framenames = framenames;
	model_free(model);
	if (!world->watch.pictures++)
		assert_int_equal(top_mark_set(&world->watch.start, world->watch.moment), 0);
	top_page_renew(&world->page);
	top_page_fit(&world->page, 2);
}

static void begin(struct world *world, const struct top_options *options)
{
	top_watch_begin(&world->watch, options);
	top_page_begin(&world->page, &world->watch, options);
	give(world, 0);
}

static void end(struct world *world)
{
	top_page_end(&world->page);
	top_watch_end(&world->watch);
}

static void press(struct world *world, int key)
{
	assert_true(top_page_press(&world->page, key));
}

static void type(struct world *world, const char *text)
{
	for (; *text; text++)
		press(world, *text);
}

static uint64_t chosen_key(struct world *world)
{
	const struct top_table *table = &world->page.table;

	return table->row[table->shown[world->page.at]].key;
}

static void numbers_and_tab_choose_views(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	for (int i = 0; i < TOP_VIEWS; i++) {
		press(&world, '1' + i);
		assert_int_equal(world.page.view, i);
		assert_ptr_equal(world.page.table.form, top_form((enum top_view)i));
	}
	press(&world, TOP_KEY_TAB);
	assert_int_equal(world.page.view, TOP_LEDGER);
	press(&world, TOP_KEY_BACK_TAB);
	assert_int_equal(world.page.view, TOP_ARENAS);
	end(&world);
}

static void what_is_chosen_stays_in_sight_and_chosen(void **state)
{
	struct world world;
	uint64_t key;

	(void)state;
	begin(&world, &plain);
	press(&world, '2');
	press(&world, TOP_KEY_END);
	assert_int_equal(world.page.at, world.page.table.showns - 1);
	assert_int_equal(world.page.first + 2, world.page.table.showns);
	key = chosen_key(&world);
	press(&world, TOP_KEY_UP);
	press(&world, TOP_KEY_DOWN);
	press(&world, TOP_KEY_DOWN);
	assert_int_equal(chosen_key(&world), key);
	press(&world, 'R'); /* now it is the first */
	assert_int_equal(chosen_key(&world), key);
	assert_int_equal(world.page.at, 0);
	assert_int_equal(world.page.first, 0);
	give(&world, 100);
	assert_int_equal(chosen_key(&world), key);
	end(&world);
}

/* Until somebody chooses, the first row is, whichever that is. */
static void the_top_stays_the_top(void **state)
{
	struct world world;
	uint64_t key;

	(void)state;
	begin(&world, &plain);
	press(&world, '2');
	key = chosen_key(&world);
	press(&world, 'R');
	assert_int_equal(world.page.at, 0);
	assert_int_not_equal(chosen_key(&world), key);
	press(&world, TOP_KEY_DOWN);
	press(&world, 'R');
	assert_int_not_equal(world.page.at, 0);
	press(&world, TOP_KEY_HOME);
	press(&world, 'R');
	assert_int_equal(world.page.at, 0);
	end(&world);
}

static void a_filter_is_typed_and_taken_back(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	press(&world, '2');
	press(&world, '/');
	type(&world, "heapq");
	assert_int_equal(world.page.table.showns, 0);
	press(&world, TOP_KEY_DOWN); /* of no row */
	press(&world, TOP_KEY_BACKSPACE);
	assert_int_equal(world.page.table.showns, 1);
	press(&world, TOP_KEY_ENTER);
	assert_false(world.page.typing);
	assert_string_equal(world.page.filter, "heap");
	give(&world, 0);
	assert_int_equal(world.page.table.showns, 1);
	press(&world, TOP_KEY_ESCAPE);
	assert_int_equal(world.page.table.showns, world.page.table.rows);
	press(&world, '/');
	for (int i = 0; i < 200; i++)
		press(&world, 'x');
	assert_int_equal(strlen(world.page.filter), TOP_FILTER - 1);
	press(&world, TOP_KEY_ERASE);
	assert_string_equal(world.page.filter, "");
	end(&world);
}

static const char *line_with(const struct top_page *page, const char *text)
{
	static char line[512];
	const char *at;
	size_t length;

	for (size_t i = 0; (at = top_lines_at(&page->lines, i, &length)); i++) {
		snprintf(line, sizeof(line), "%.*s", (int)length, at);
		if (strstr(line, text))
			return line;
	}
	fail_msg("no line with %s", text);
	return NULL;
}

static void enter_shows_a_call_stack_that_grows_with_the_pictures(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	press(&world, '3');
	press(&world, TOP_KEY_ENTER);
	assert_int_equal(world.page.mode, TOP_STACK);
	assert_int_equal(world.page.frame, 3);
	assert_string_equal(line_with(&world.page, "growth"), "  growth     0");
	assert_string_equal(line_with(&world.page, "blocks "),
		"  blocks     smallest 9,000, largest 100,000 bytes");
	line_with(&world.page, "model+0x300");
	line_with(&world.page, "model+0x100");
	give(&world, 12288);
	assert_string_equal(line_with(&world.page, "growth"), "  growth     +12.0 KiB");
	press(&world, TOP_KEY_ESCAPE);
	assert_int_equal(world.page.mode, TOP_LIST);
	press(&world, '1');
	press(&world, TOP_KEY_ENTER);
	assert_int_equal(world.page.mode, TOP_LIST);
	assert_non_null(world.page.remark);
	press(&world, TOP_KEY_DOWN);
	assert_null(world.page.remark);
	end(&world);
}

static void growth_begins_anew_at_a_mark(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	press(&world, '3');
	give(&world, 1000);
	assert_int_equal(world.page.table.total.growth, 1000);
	press(&world, 'm');
	assert_int_equal(world.page.table.total.growth, 0);
	give(&world, 3000);
	assert_int_equal(world.page.table.total.growth, 2000);
	press(&world, 'M');
	assert_int_equal(world.page.table.total.growth, 3000);
	end(&world);
}

static void it_is_sorted_by_the_columns_that_are_seen(void **state)
{
	const struct top_form *form = top_form(TOP_STACKS);
	unsigned count = top_form_columns(form);
	struct world world;

	(void)state;
	begin(&world, &plain);
	press(&world, '3');
	world.page.columns = (uint16_t)(1u << form->sort | 1u << (count - 1));
	press(&world, '>');
	assert_int_equal(world.page.order[TOP_STACKS].column, count - 1);
	press(&world, '>');
	assert_int_equal(world.page.order[TOP_STACKS].column, form->sort);
	press(&world, '<');
	assert_int_equal(world.page.order[TOP_STACKS].column, count - 1);
	end(&world);
}

/* However often it is asked for: the program's share of time is kept. */
static void the_next_picture_comes_no_sooner_than_it_may(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	world.watch.soonest_ms = 9000;
	world.watch.next_ms = 10000;
	for (int i = 0; i < 3; i++)
		press(&world, ' ');
	assert_int_equal(world.watch.next_ms, 9000);
	end(&world);
}

static void q_goes_back_and_then_ends(void **state)
{
	struct world world;

	(void)state;
	begin(&world, &plain);
	press(&world, '?');
	assert_int_equal(world.page.mode, TOP_HELP);
	line_with(&world.page, "Keys of vmatlas top");
	press(&world, 'q');
	assert_int_equal(world.page.mode, TOP_LIST);
	press(&world, 'p');
	assert_true(world.watch.paused);
	assert_false(top_page_press(&world.page, 'q'));
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_tab_choose_views),
		cmocka_unit_test(what_is_chosen_stays_in_sight_and_chosen),
		cmocka_unit_test(the_top_stays_the_top),
		cmocka_unit_test(a_filter_is_typed_and_taken_back),
		cmocka_unit_test(enter_shows_a_call_stack_that_grows_with_the_pictures),
		cmocka_unit_test(growth_begins_anew_at_a_mark),
		cmocka_unit_test(it_is_sorted_by_the_columns_that_are_seen),
		cmocka_unit_test(the_next_picture_comes_no_sooner_than_it_may),
		cmocka_unit_test(q_goes_back_and_then_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
