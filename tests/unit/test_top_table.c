#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "top_world.h"
#include "tools/top_mark.h"
#include "tools/top_table.h"

struct world {
	struct top_moment moment;
	struct framenames *framenames;
	struct top_table table;
};

static void open_view(struct world *world, enum top_view view)
{
	struct model *model = model_make();

	open_picture(&world->moment, model, &world->framenames);
	model_free(model);
	assert_int_equal(top_table_make(&world->table, view, &world->moment), 0);
}

static void close_view(struct world *world)
{
	top_table_free(&world->table);
	close_picture(&world->moment, world->framenames);
}

static void arrange(struct world *world, unsigned column, bool reversed, const char *filter)
{
	const struct top_order order = {column, reversed, filter};

	assert_int_equal(top_table_arrange(&world->table, &order), 0);
}

static unsigned column_of(const struct top_form *form, const char *title)
{
	for (unsigned i = 0; i < top_form_columns(form); i++)
		if (!strcmp(form->column[i].title, title))
			return i;
	fail_msg("no column %s", title);
	return 0;
}

static struct top_row *shown(struct world *world, size_t place)
{
	assert_true(place < world->table.showns);
	return &world->table.row[world->table.shown[place]];
}

static const char *name_at(struct world *world, size_t place)
{
	return top_table_name(&world->table, shown(world, place));
}

/* -- Figures -------------------------------------------------------------------------------- */

static void the_ledger_sums_to_rss(void **state)
{
	struct world world;
	uint64_t sum = 0;

	(void)state;
	open_view(&world, TOP_LEDGER);
	for (size_t i = 0; i < world.table.rows; i++)
		sum += world.table.row[i].child ? 0 : world.table.row[i].cell[0];
	assert_true(sum > 0);
	assert_int_equal(sum, world.moment.atlas.rss);
	assert_int_equal(world.table.total.cell[0], sum);
	close_view(&world);
}

static void rows_of_each_view_are_the_atlass(void **state)
{
	struct world world;

	(void)state;
	open_view(&world, TOP_STACKS);
	assert_int_equal(world.table.rows, world.moment.atlas.stacks);
	assert_int_equal(world.table.row[0].cell[column_of(world.table.form, "live")], 109000);
	assert_int_equal(world.table.row[0].frame, 3);
	close_view(&world);
	open_view(&world, TOP_MAPPINGS);
	assert_int_equal(world.table.total.cell[world.table.form->measure], world.moment.atlas.rss);
	close_view(&world);
	open_view(&world, TOP_THREADS);
	assert_int_equal(world.table.rows, 1);
	assert_string_equal(
		top_table_name(&world.table, &world.table.row[0]), "model, main thread");
	close_view(&world);
}

static void what_is_not_known_has_no_figure(void **state)
{
	struct model *model = model_make();
	struct world world;

	(void)state;
	model->pages_refused = true;
	model->view.runs = NULL;
	open_picture(&world.moment, model, &world.framenames);
	model_free(model);
	assert_int_equal(top_table_make(&world.table, TOP_STACKS, &world.moment), 0);
	assert_true(world.table.row[0].unknown >> column_of(world.table.form, "rss") & 1);
	assert_true(world.table.row[0].unknown >> column_of(world.table.form, "pins") & 1);
	assert_false(world.table.row[0].unknown >> column_of(world.table.form, "live") & 1);
	close_view(&world);
}

/* -- Order ---------------------------------------------------------------------------------- */

static void figures_are_sorted_most_first_and_back(void **state)
{
	struct world world;
	unsigned live;

	(void)state;
	open_view(&world, TOP_STACKS);
	live = column_of(world.table.form, "live");
	arrange(&world, live, false, "");
	for (size_t i = 1; i < world.table.showns; i++)
		assert_true(shown(&world, i - 1)->cell[live] >= shown(&world, i)->cell[live]);
	assert_int_equal(shown(&world, 0)->frame, 3);
	arrange(&world, live, true, "");
	assert_int_equal(shown(&world, world.table.showns - 1)->frame, 3);
	arrange(&world, column_of(world.table.form, "%"), false, "");
	assert_int_equal(shown(&world, 0)->frame, 3);
	close_view(&world);
}

static void addresses_are_sorted_low_first_and_words_from_a(void **state)
{
	struct world world;

	(void)state;
	open_view(&world, TOP_MAPPINGS);
	arrange(&world, column_of(world.table.form, "start"), false, "");
	assert_int_equal(shown(&world, 0)->key, 0x555555554000);
	arrange(&world, column_of(world.table.form, "start"), true, "");
	assert_int_equal(shown(&world, 0)->key, 0xffffffffff600000);
	arrange(&world, column_of(world.table.form, "kind"), false, "");
	assert_string_equal(shown(&world, 0)->word, "anon");
	arrange(&world, column_of(world.table.form, "name or owner"), false, "");
	assert_string_equal(name_at(&world, 0), "/usr/bin/model");
	close_view(&world);
}

static void parts_stay_behind_what_they_are_parts_of(void **state)
{
	struct world world;
	size_t retained = 0;

	(void)state;
	open_view(&world, TOP_LEDGER);
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		arrange(&world, 0, reversed, "");
		for (retained = 0; shown(&world, retained)->key != ATLAS_RETAINED; retained++)
			;
		for (size_t i = 1; i <= 3; i++)
			assert_true(shown(&world, retained + i)->child);
		assert_int_equal(shown(&world, retained + 1)->key, ATLAS_ROWS);
	}
	close_view(&world);
}

/* -- Filter --------------------------------------------------------------------------------- */

static void a_filter_leaves_what_has_the_text_in_any_case(void **state)
{
	struct world world;

	(void)state;
	open_view(&world, TOP_MAPPINGS);
	arrange(&world, 0, false, "HEAP");
	assert_int_equal(world.table.showns, 1);
	assert_int_equal(shown(&world, 0)->key, MODEL_HEAP);
	arrange(&world, 0, false, "/usr/BIN");
	assert_int_equal(world.table.showns, 1);
	arrange(&world, 0, false, "no such text");
	assert_int_equal(world.table.showns, 0);
	arrange(&world, 0, false, "");
	assert_int_equal(world.table.showns, world.table.rows);
	close_view(&world);
}

static void a_part_that_matches_comes_with_its_whole(void **state)
{
	struct world world;

	(void)state;
	open_view(&world, TOP_LEDGER);
	arrange(&world, 0, false, "malloc_trim");
	assert_int_equal(world.table.showns, 4);
	assert_int_equal(shown(&world, 0)->key, ATLAS_RETAINED);
	close_view(&world);
}

static void a_row_that_is_nothing_is_not_shown_but_unexplained(void **state)
{
	struct world world;
	bool unexplained = false;

	(void)state;
	open_view(&world, TOP_LEDGER);
	arrange(&world, 0, false, "");
	for (size_t i = 0; i < world.table.showns; i++) {
		const struct top_row *row = shown(&world, i);

		unexplained |= row->key == ATLAS_UNEXPLAINED;
		assert_true(row->cell[0] || row->child || row->key == ATLAS_UNEXPLAINED);
	}
	assert_true(unexplained);
	close_view(&world);
}

/* -- Growth --------------------------------------------------------------------------------- */

/* From the model to the model with a block more. */
static void open_grown(struct world *world, enum top_view view, struct top_mark *mark)
{
	struct model *model = model_make();

	*mark = (struct top_mark){0};
	open_picture(&world->moment, model, &world->framenames);
	assert_int_equal(top_mark_set(mark, &world->moment), 0);
	close_picture(&world->moment, world->framenames);
	model_grow(model, 12000);
	open_picture(&world->moment, model, &world->framenames);
	model_free(model);
	assert_int_equal(top_table_make(&world->table, view, &world->moment), 0);
	top_mark_compare(mark, view, &world->table);
}

static void growth_is_what_came_since_the_mark(void **state)
{
	struct top_mark mark;
	struct world world;

	(void)state;
	open_grown(&world, TOP_STACKS, &mark);
	assert_int_equal(world.table.total.growth, 12000);
	for (size_t i = 0; i < world.table.rows; i++)
		assert_int_equal(
			world.table.row[i].growth, world.table.row[i].frame == 3 ? 12000 : 0);
	arrange(&world, column_of(world.table.form, "growth"), false, "");
	assert_int_equal(shown(&world, 0)->frame, 3);
	close_view(&world);
	top_mark_free(&mark);
}

static void what_shrank_grew_by_less_than_nothing(void **state)
{
	struct top_mark mark;
	struct world world;

	(void)state;
	open_grown(&world, TOP_STACKS, &mark);
	assert_int_equal(top_mark_set(&mark, &world.moment), 0);
	close_view(&world);
	open_view(&world, TOP_STACKS);
	top_mark_compare(&mark, TOP_STACKS, &world.table);
	assert_int_equal(world.table.total.growth, -12000);
	close_view(&world);
	top_mark_free(&mark);
}

static void what_was_not_there_grew_from_nothing(void **state)
{
	const struct top_mark none = {0};
	struct world world;

	(void)state;
	open_view(&world, TOP_STACKS);
	top_mark_compare(&none, TOP_STACKS, &world.table);
	assert_int_equal(world.table.row[0].growth, world.table.row[0].cell[0]);
	close_view(&world);
}

/* The rows of the ledger grow as their sum does. */
static void growth_of_the_ledger_sums_up(void **state)
{
	struct top_mark mark;
	struct world world;
	int64_t sum = 0;

	(void)state;
	open_grown(&world, TOP_LEDGER, &mark);
	for (size_t i = 0; i < world.table.rows; i++)
		sum += world.table.row[i].child ? 0 : world.table.row[i].growth;
	assert_int_equal(sum, world.table.total.growth);
	for (size_t i = 0; i < world.table.rows; i++)
		if (world.table.row[i].key == ATLAS_LIVE)
			assert_true(world.table.row[i].growth > 0);
	close_view(&world);
	top_mark_free(&mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ledger_sums_to_rss),
		cmocka_unit_test(rows_of_each_view_are_the_atlass),
		cmocka_unit_test(what_is_not_known_has_no_figure),
		cmocka_unit_test(figures_are_sorted_most_first_and_back),
		cmocka_unit_test(addresses_are_sorted_low_first_and_words_from_a),
		cmocka_unit_test(parts_stay_behind_what_they_are_parts_of),
		cmocka_unit_test(a_filter_leaves_what_has_the_text_in_any_case),
		cmocka_unit_test(a_part_that_matches_comes_with_its_whole),
		cmocka_unit_test(a_row_that_is_nothing_is_not_shown_but_unexplained),
		cmocka_unit_test(growth_is_what_came_since_the_mark),
		cmocka_unit_test(what_shrank_grew_by_less_than_nothing),
		cmocka_unit_test(what_was_not_there_grew_from_nothing),
		cmocka_unit_test(growth_of_the_ledger_sums_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
