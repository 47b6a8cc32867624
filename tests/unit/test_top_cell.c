#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "top_world.h"
#include "core/utf8.h"
#include "tools/top_cell.h"

enum { LINE = 4096 };

struct world {
	struct top_moment moment;
	struct framenames *framenames;
	struct top_table table;
	char line[LINE];
};

static void open_view(struct world *world, struct model *model, enum top_view view)
{
	const struct top_order order = {.column = top_form(view)->sort, .filter = ""};

	open_picture(&world->moment, model, &world->framenames);
	model_free(model);
	assert_int_equal(top_table_make(&world->table, view, &world->moment), 0);
	assert_int_equal(top_table_arrange(&world->table, &order), 0);
}

static void close_view(struct world *world)
{
	top_table_free(&world->table);
	close_picture(&world->moment, world->framenames);
}

static const char *heading(struct world *world, uint16_t columns, unsigned sorted)
{
	struct text text;

	text_init(&text, world->line, LINE - 1, NULL, NULL);
	top_cell_put_heading(&text, &world->table, columns, sorted);
	world->line[text.used] = 0;
	return world->line;
}

static const char *row(struct world *world, size_t place, uint16_t columns)
{
	struct text text;

	text_init(&text, world->line, LINE - 1, NULL, NULL);
	top_cell_put_row(
		&text, &world->table, &world->table.row[world->table.shown[place]], columns);
	world->line[text.used] = 0;
	return world->line;
}

static void fewer_columns_leave_the_figure_that_matters(void **state)
{
	struct world world;
	unsigned last = 100;

	(void)state;
	for (unsigned view = 0; view < TOP_VIEWS; view++) {
		open_view(&world, model_make(), (enum top_view)view);
		last = 100;
		for (unsigned width = 250; width >= 30; width -= 10) {
			uint16_t columns = top_cell_columns(&world.table, width);
			unsigned count = (unsigned)__builtin_popcount(columns);

			assert_true(count <= last);
			assert_true(columns >> world.table.form->measure & 1);
			assert_true(columns >> (top_form_columns(world.table.form) - 1) & 1);
			last = count;
		}
		close_view(&world);
	}
}

static void a_column_that_says_nothing_is_left_out(void **state)
{
	struct world world;

	(void)state;
	open_view(&world, model_make(), TOP_STACKS);
	assert_null(strstr(heading(&world, top_cell_columns(&world.table, 0), 0), "±"));
	assert_non_null(strstr(heading(&world, top_cell_columns(&world.table, 0), 0), "LIVE"));
	close_view(&world);
	open_view(&world, model_make(), TOP_MAPPINGS);
	assert_null(strstr(heading(&world, top_cell_columns(&world.table, 0), 0), "swap"));
	close_view(&world);
}

static void cells_stand_below_their_headings(void **state)
{
	struct world world;
	size_t at;

	(void)state;
	open_view(&world, model_make(), TOP_STACKS);
	at = (size_t)(strstr(heading(&world, UINT16_MAX, 99), "who asked") - world.line);
	/* "±" has two bytes. */
	assert_memory_equal(row(&world, 0, UINT16_MAX) + at - 1, "model+", 6);
	close_view(&world);
}

static void an_estimate_is_marked(void **state)
{
	struct model *model = model_make();
	struct vmatlas_weight weights[2] = {{0}};
	struct world world;
	struct lane lane;

	(void)state;
	model->view.sample_mean = 512;
	lane_over(&lane, weights, 2, sizeof(*weights));
	model->view.weights = &lane;
	open_view(&world, model, TOP_STACKS);
	assert_int_equal(world.moment.view.sample_mean, 512);
	assert_true(world.table.rows > 0);
	assert_non_null(strchr(row(&world, 0, 1), '~'));
	close_view(&world);
}

static void growth_has_its_sign(void **state)
{
	const struct {
		int64_t bytes;
		const char *text;
	} growths[] = {{0, "0"}, {1536, "+1.5 KiB"}, {-1536, "-1.5 KiB"}, {INT64_MIN, "-8.0 EiB"}};
	char line[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(growths) / sizeof(*growths); i++) {
		struct text text;

		text_init(&text, line, sizeof(line) - 1, NULL, NULL);
		top_cell_put_growth(&text, growths[i].bytes);
		line[text.used] = 0;
		assert_string_equal(line, growths[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_columns_leave_the_figure_that_matters),
		cmocka_unit_test(a_column_that_says_nothing_is_left_out),
		cmocka_unit_test(cells_stand_below_their_headings),
		cmocka_unit_test(an_estimate_is_marked),
		cmocka_unit_test(growth_has_its_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
