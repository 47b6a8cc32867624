#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "diff_json.h"
#include "diff_text.h"
#include "lines.h"
#include "moments.h"

enum { SCRATCH = REPORT_PATH_WORDS };

/* What is shown of some moments, and all that it needs. */
struct shown {
	struct moments *moments;
	struct diff_model model;
	struct diff_options options;
	struct diff_leaks leaks;
	struct diff_show show;
	struct report_options report[DIFF_SIDES];
	uint64_t scratch[DIFF_SIDES][SCRATCH];
	char buffer[64];
	struct text text;
	char output[1 << 18];
	size_t used;
};

static int keep(void *context, const char *bytes, size_t length)
{
	struct shown *shown = context;

	assert_true(shown->used + length < sizeof(shown->output));
	memcpy(shown->output + shown->used, bytes, length);
	shown->used += length;
	return 0;
}

static struct shown *shown_make(void)
{
	struct shown *shown = calloc(1, sizeof(*shown));

	assert_non_null(shown);
	shown->moments = moments_make();
	return shown;
}

static void shown_free(struct shown *shown)
{
	diff_leaks_free(&shown->leaks);
	diff_model_free(&shown->model);
	moments_free(shown->moments);
	free(shown);
}

/* Compares the first of so many moments with the last. */
static void compare(struct shown *shown, unsigned sides)
{
	struct diff_side *side = shown->moments->side;

	for (unsigned i = 0; i < sides; i++)
		moments_side(shown->moments, i);
	assert_int_equal(diff_model_make(&shown->model, &side[0], &side[sides - 1]), 0);
	shown->show = (struct diff_show){.options = &shown->options,
		.model = &shown->model,
		.side = side,
		.sides = sides,
		.text = &shown->text};
	if (sides > 2) {
		assert_int_equal(diff_leaks_make(&shown->leaks, side, sides), 0);
		shown->show.leaks = &shown->leaks;
	}
	for (int i = 0; i < DIFF_SIDES; i++) {
		shown->report[i].scratch = shown->scratch[i];
		shown->report[i].scratch_words = SCRATCH;
		report_begin(&shown->show.report[i], &shown->model.side[i]->atlas, NULL,
			&shown->report[i], &shown->text);
	}
}

static const char *write(struct shown *shown, int how(const struct diff_show *show))
{
	shown->used = 0;
	text_init(&shown->text, shown->buffer, sizeof(shown->buffer), keep, shown);
	assert_int_equal(how(&shown->show), 0);
	shown->output[shown->used] = 0;
	return shown->output;
}

/* -- Text ----------------------------------------------------------------------------------- */

static void the_first_lines(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "vmatlas diff: model (pid 4711), dump 1 to dump 2, 1.0 s later");
	has_line(text, "  RSS           24.0 KiB →    2.5 MiB     +2.5 MiB");
	has_line(text, "  mapped         1.1 MiB →    5.0 MiB     +3.9 MiB");
	has_line(text, "  live         106.6 KiB →   24.5 KiB    -82.0 KiB  in 6 → 7 blocks");
	has_line(text, "  in between  6 allocations of 23.4 KiB, 23.4 KiB/s; 5 frees");
	has_not(text, "  ! ");
	has_not(text, "swapped out");
	shown_free(shown);
}

static void phases_that_the_program_named_in_between(void **state)
{
	struct shown *shown = shown_make();
	struct model **model = shown->moments->model;
	struct vmatlas_phase phase[] = {
		{.time = 2400, .name = "before", .name_length = 6},
		{.time = 2600, .name = "loading", .name_length = 7},
		{.time = 3400, .name = "serving\033", .name_length = 8},
	};
	struct lane old, new;
	const char *text;

	(void)state;
	lane_over(&old, phase, 1, sizeof(phase[0]));
	lane_over(&new, phase, 3, sizeof(phase[0]));
	model[0]->view.phases = &old;
	model[1]->view.phases = &new;
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "  phases      loading, serving\\x1b");
	shown_free(shown);
}

static void what_was_not_seen_in_between(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	shown->moments->model[1]->view.lost[0].count += 7;
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "  ! Not seen in between: 7 frees of blocks older than the shim.");
	has_not(text, "refused");
	shown_free(shown);
}

static void rows_with_their_parts(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "     +2.0 MiB        +2,097,152           0 →    2.0 MiB  mapped by the "
		       "program");
	has_line(text, "     -4.0 KiB            -4,080     8.1 KiB →    4.1 KiB  live blocks");
	has_line(text, "     -4.0 KiB            -4,080                             of which newly "
		       "live: blocks that came, less those freed");
	has_line(text, "            0                 0                             of which newly "
		       "touched, of blocks that stayed");
	has_line(text, "            0                 0                           2 other rows");
	has_line(text, "     +2.5 MiB        +2,605,056    24.0 KiB →    2.5 MiB  RSS");
	assert_true(strstr(text, "mapped by the program") < strstr(text, "retained by malloc"));
	assert_true(strstr(text, "retained by malloc") < strstr(text, "  live blocks"));
	shown_free(shown);
}

static void mappings_with_who_made_them_grow(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "Mappings that changed by 256.0 KiB or more");
	has_line(text, "  new      anon             +2.0 MiB    +4.0 MiB  "
		       "7ffff2000000-7ffff2400000  model+0x300");
	has_line(text, "                            +4.0 MiB mapped, 0 resident, by model+0x300; "
		       "call stack 3");
	has_line(text, "  grown    heap           +500.0 KiB  +892.0 KiB  "
		       "555555600000-555555700000  [heap]  malloc");
	has_line(text, "  in all                    +2.5 MiB    +3.9 MiB");
	shown->options.least_given = true;
	shown->options.least = 3 << 20;
	text = write(shown, diff_text);
	has_line(text, "  others                  +496.0 KiB  -132.0 KiB  2 changes of other "
		       "mappings");
	has_not(text, "  grown ");
	shown_free(shown);
}

static void call_stacks_with_what_came_and_went(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "#1   +15.6 KiB live: 140 B → 15.7 KiB in 4 → 6 blocks; call stack 2");
	has_line(text, "     in between 6 allocations of 23.4 KiB, 23.4 KiB/s; 4 of these live; 2 "
		       "older freed");
	has_line(text, "#2   -97.7 KiB live: 106.4 KiB → 8.8 KiB in 2 → 1 block; call stack 3");
	has_line(text, "        model+0x200");
	has_line(text,
		"#1   +3.0 MiB mapped: 1.0 MiB → 4.0 MiB in 1 → 1 region; -4.0 KiB resident; "
		"call stack 3");
	shown->options.top = 1;
	text = write(shown, diff_text);
	has_not(text, "#2 ");
	has_line(text,
		"     -97.7 KiB live, -4.0 KiB resident; -16 B pinned, by 1 other call stack");
	shown_free(shown);
}

static void only_what_was_asked_for(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	shown->options.sections = DIFF_SECTION_ROWS;
	text = write(shown, diff_text);
	has_line(text, "What RSS grew by");
	has_not(text, "Mappings that changed");
	has_not(text, "Call stacks by growth");
	shown->options.sections = DIFF_SECTION_STACKS;
	text = write(shown, diff_text);
	has_not(text, "What RSS grew by");
	has_line(text, "Call stacks by growth of what they allocated");
	shown_free(shown);
}

static void suspects_and_their_series(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	for (unsigned i = 1; i < 3; i++) {
		struct model *model = shown->moments->model[i];

		for (unsigned j = 1; j <= i; j++)
			model_place(model, MODEL_HEAP + 0x8000 * j, model_small(1, 1000, 0));
		model->origins[0].allocations += i;
	}
	compare(shown, 3);
	text = write(shown, diff_text);
	has_line(text, "All moments");
	has_line(text, "     2        1.0 s     24.0 KiB      1.1 MiB    107.6 KiB             7  "
		       "model");
	has_line(text,
		"  Each grew in all 2 intervals, and keeps what it allocated or mapped in the "
		"first one.");
	has_line(text, "#1   1000 B in 1 block of 1 allocation of the first interval, still live; "
		       "call stack 2");
	has_line(text, "     live: 140 B → 1.1 KiB → 2.1 KiB");
	shown_free(shown);
}

static void nothing_grew(void **state)
{
	struct shown *shown = shown_make();
	const char *text;

	(void)state;
	compare(shown, 2);
	text = write(shown, diff_text);
	has_line(text, "  live         106.6 KiB →  106.6 KiB            0  in 6 → 6 blocks");
	has_line(text, "  in between  0 allocations; 0 frees");
	has_line(text, "Mappings that changed by 256.0 KiB or more: none");
	has_line(text, "Call stacks by growth of what they allocated: none changed");
	has_not(text, "what they mapped");
	shown_free(shown);
}

static void growths_as_people_read_them(void **state)
{
	char out[DIFF_GROWTH];

	(void)state;
	assert_string_equal(diff_show_growth(0, out), "0");
	assert_string_equal(diff_show_growth(512, out), "+512 B");
	assert_string_equal(diff_show_growth(-1536, out), "-1.5 KiB");
	assert_string_equal(diff_show_growth(8 << 20, out), "+8.0 MiB");
	assert_string_equal(diff_show_growth(INT64_MIN, out), "-8.0 EiB");
	assert_string_equal(diff_show_growth(INT64_MAX, out), "+8.0 EiB");
}

/* -- JSON ----------------------------------------------------------------------------------- */

static json_t *parsed(struct shown *shown)
{
	json_error_t error;
	json_t *found = json_loads(write(shown, diff_json), JSON_REJECT_DUPLICATES, &error);

	if (!found)
		fail_msg("line %d: %s", error.line, error.text);
	return found;
}

static json_int_t number(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no number", key);
	return json_integer_value(value);
}

static json_int_t growth(const json_t *object, const char *key)
{
	return number(json_object_get(object, key), "growth");
}

static json_int_t growths(const json_t *list, const char *key)
{
	json_int_t sum = 0;
	size_t index;
	json_t *row;

	json_array_foreach(list, index, row) sum += growth(row, key);
	return sum;
}

static void sums_are_exact(struct shown *shown)
{
	static const char *const figures[] = {
		"size", "rss", "live_bytes", "live_resident", "retained", "pinned", "trimmable"};
	json_t *found = parsed(shown), *all = json_object_get(found, "growth"), *row;
	json_int_t sum = 0;
	size_t index;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const char *key = figures[i];

		assert_int_equal(number(all, key),
			growths(json_object_get(found, "mappings"), key) +
				number(json_object_get(found, "mappings_others"), key) +
				number(json_object_get(found, "mappings_inaccessible"), key) +
				number(json_object_get(found, "mappings_vmatlas"), key));
	}
	json_array_foreach(json_object_get(found, "ledger"), index, row) sum +=
		number(row, "growth");
	assert_int_equal(sum, number(all, "rss"));
	assert_int_equal(number(all, "live_bytes"),
		growths(json_object_get(found, "callstacks"), "live_bytes") +
			number(json_object_get(found, "callstacks_others"), "bytes"));
	json_decref(found);
}

static void sums_hold_however_much_is_listed(void **state)
{
	struct shown *shown = shown_make();

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	shown->options.json = true;
	sums_are_exact(shown);
	for (shown->options.top = 1; shown->options.top < 4; shown->options.top++)
		sums_are_exact(shown);
	shown->options.top = 0;
	for (shown->options.least = 1; shown->options.least < 1ull << 30;
		shown->options.least *= 16)
		sums_are_exact(shown);
	shown_free(shown);
}

static void what_is_not_known_is_null(void **state)
{
	struct shown *shown = shown_make();
	json_t *found, *all;

	(void)state;
	shown->moments->model[1]->pages_refused = true;
	compare(shown, 2);
	found = parsed(shown);
	all = json_object_get(found, "growth");
	assert_true(json_is_null(json_object_get(all, "retained")));
	assert_true(json_is_null(json_object_get(all, "live_resident")));
	assert_int_equal(number(all, "live_bytes"), 0);
	assert_null(json_object_get(found, "ledger_parts"));
	assert_int_equal(json_array_size(json_object_get(found, "notes")), 1);
	json_decref(found);
	shown_free(shown);
}

static void references_lead_somewhere(void **state)
{
	struct shown *shown = shown_make();
	json_t *found, *row, *share, *stack, *mappings, *stacks;
	size_t i, j, k;

	(void)state;
	moments_grow(shown->moments, 1);
	compare(shown, 2);
	shown->options.json = true;
	shown->options.sections = DIFF_SECTION_MAPPINGS;
	found = parsed(shown);
	mappings = json_object_get(found, "mappings");
	stacks = json_object_get(found, "callstacks");
	assert_int_equal(json_array_size(mappings), 3);
	json_array_foreach(mappings, i, row)
	{
		json_array_foreach(json_object_get(row, "callstacks"), j, share)
		{
			bool there = false;

			json_array_foreach(stacks, k, stack) there |=
				number(stack, "id") == number(share, "callstack");
			assert_true(there);
		}
	}
	json_decref(found);
	shown_free(shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_lines),
		cmocka_unit_test(phases_that_the_program_named_in_between),
		cmocka_unit_test(what_was_not_seen_in_between),
		cmocka_unit_test(rows_with_their_parts),
		cmocka_unit_test(mappings_with_who_made_them_grow),
		cmocka_unit_test(call_stacks_with_what_came_and_went),
		cmocka_unit_test(only_what_was_asked_for),
		cmocka_unit_test(suspects_and_their_series),
		cmocka_unit_test(nothing_grew),
		cmocka_unit_test(growths_as_people_read_them),
		cmocka_unit_test(sums_hold_however_much_is_listed),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(references_lead_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
