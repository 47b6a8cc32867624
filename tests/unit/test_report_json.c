#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "world.h"

/* -- Reading it back ------------------------------------------------------------------------ */

/* jansson refuses lone surrogates, by which the report keeps bytes that are no UTF-8. */
static void replace_surrogates(char *text)
{
	for (char *at = text; (at = strstr(at, "\\udc")); at += 4)
		memcpy(at, "\\u00", 4);
}

static json_t *parsed(struct world *world)
{
	json_error_t error;
	json_t *report;

	world_report(world, report_json);
	replace_surrogates(world->output);
	report = json_loads(world->output, JSON_REJECT_DUPLICATES, &error);
	/* JSON's numbers may be as large as one likes, jansson's not. */
	if (!report && json_error_code(&error) == json_error_numeric_overflow)
		report = json_loads(
			world->output, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (!report)
		fail_msg("line %d: %s", error.line, error.text);
	return report;
}

static json_t *row(json_t *report, const char *list, size_t index)
{
	json_t *found = json_array_get(json_object_get(report, list), index);

	assert_non_null(found);
	return found;
}

static uint64_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_number(value))
		fail_msg("%s is not a number", key);
	return json_is_integer(value) ? (uint64_t)json_integer_value(value)
				      : (uint64_t)json_real_value(value);
}

static const char *string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		fail_msg("%s is not a string", key);
	return json_string_value(value);
}

static bool is_null(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_non_null(value);
	return json_is_null(value);
}

static uint64_t sum(json_t *report, const char *list, const char *key)
{
	json_t *rows = json_object_get(report, list);
	uint64_t total = 0;
	json_t *each;
	size_t index;

	assert_true(json_is_array(rows));
	json_array_foreach(rows, index, each) total += number(each, key);
	return total;
}

static json_t *stack_with(json_t *report, uint64_t id)
{
	json_t *each;
	size_t index;

	json_array_foreach(json_object_get(report, "callstacks"), index, each)
	{
		if (number(each, "id") == id)
			return each;
	}
	fail_msg("call stack %" PRIu64 " is not listed", id);
	return NULL;
}

static void every_reference_resolves(json_t *report, const char *list, const char *key)
{
	json_t *each;
	size_t index;

	json_array_foreach(json_object_get(report, list), index, each)
		stack_with(report, number(each, key));
}

static void all_is_consistent(json_t *report)
{
	json_t *totals = json_object_get(report, "totals");

	assert_int_equal(sum(report, "ledger", "bytes"), number(totals, "rss"));
	assert_int_equal(sum(report, "mappings", "rss"), number(totals, "rss"));
	assert_int_equal(sum(report, "callstacks", "live_bytes"), number(totals, "live_bytes"));
	assert_int_equal(sum(report, "callstacks", "live_blocks"), number(totals, "live_blocks"));
	assert_true(number(totals, "peak_live_bytes") >= number(totals, "live_bytes"));
	every_reference_resolves(report, "regions", "callstack");
	every_reference_resolves(report, "threads", "creator");
	if (json_object_get(report, "blocks"))
		every_reference_resolves(report, "blocks", "callstack");
}

/* -- What must hold ------------------------------------------------------------------------- */

static void estimates_have_their_errors(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *stack;

	(void)state;
	assert_true(is_null(report, "sampling"));
	assert_null(json_object_get(row(report, "callstacks", 0), "sampled"));
	json_decref(report);
	world->view.sample_mean = 65536;
	world->atlas.samples = 3;
	world->atlas.samples_ever = 1000;
	for (unsigned i = 0; i < ATLAS_HELDS; i++)
		world->stack[0].error[i] = 100 + i;
	report = parsed(world);
	stack = row(report, "callstacks", 0);
	assert_int_equal(number(json_object_get(report, "sampling"), "mean_bytes"), 65536);
	assert_int_equal(number(json_object_get(report, "sampling"), "samples"), 3);
	assert_int_equal(number(json_object_get(report, "sampling"), "samples_ever"), 1000);
	assert_true(json_is_true(json_object_get(stack, "sampled")));
	assert_int_equal(number(stack, "samples"), 2);
	assert_int_equal(number(stack, "live_blocks_error"), 100 + ATLAS_LIVE_BLOCKS);
	assert_int_equal(number(stack, "live_bytes_error"), 100 + ATLAS_LIVE_BYTES);
	assert_int_equal(number(stack, "live_resident_error"), 100 + ATLAS_LIVE_RESIDENT);
	assert_int_equal(number(stack, "pinned_error"), 100 + ATLAS_PINNED);
	assert_int_equal(number(stack, "allocations_error"), 100 + ATLAS_ALLOCATIONS);
	assert_int_equal(number(stack, "allocated_bytes_error"), 100 + ATLAS_ALLOCATED_BYTES);
	assert_true(is_null(json_object_get(report, "totals"), "moved_blocks"));
	json_decref(report);
	free(world);
}

static void names_of_the_agreement_are_there(void **state)
{
	static const char *const keys[] = {"version", "process", "dump", "totals", "ledger",
		"mappings", "regions", "callstacks", "threads"};
	struct world *world = world_make();
	json_t *report = parsed(world);

	(void)state;
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
		assert_non_null(json_object_get(report, keys[i]));
	assert_null(json_object_get(report, "blocks"));
	assert_int_equal(number(report, "version"), REPORT_VERSION);
	all_is_consistent(report);
	json_decref(report);
	free(world);
}

static void process_and_dump_are_told(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *process = json_object_get(report, "process");
	json_t *dump = json_object_get(report, "dump"), *lost = json_object_get(dump, "lost");
	json_t *argv = json_object_get(process, "argv");

	(void)state;
	assert_int_equal(number(process, "pid"), 4242);
	assert_int_equal(number(process, "start_time_ns"), START_NS);
	assert_int_equal(number(process, "time_ns"), START_NS + 8040ull * 1000000000);
	assert_int_equal(json_array_size(argv), 3);
	assert_string_equal(json_string_value(json_array_get(argv, 1)), "--port");
	assert_string_equal(string(dump, "reason"), "signal");
	assert_true(json_is_true(json_object_get(dump, "complete")));
	assert_int_equal(number(lost, "unknown_frees"), 12);
	assert_int_equal(number(lost, "unplaced_blocks"), 0);
	assert_int_equal(number(dump, "time_resolution_ns"), 100000);
	assert_int_equal(json_array_size(json_object_get(dump, "notices")), 1);
	json_decref(report);
	free(world);
}

static void mapping_is_the_kernels_line_and_more(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *text = row(report, "mappings", 0);
	json_t *heap = row(report, "mappings", 1);

	(void)state;
	assert_string_equal(string(text, "start"), "0x400000");
	assert_string_equal(string(text, "end"), "0x410000");
	assert_string_equal(string(text, "perms"), "r-xp");
	assert_string_equal(string(text, "dev"), "fd:01");
	assert_int_equal(number(text, "inode"), 1049982);
	assert_int_equal(number(text, "offset"), 0x1000);
	assert_string_equal(string(text, "owner"), "server");
	assert_string_equal(string(heap, "kind"), "heap");
	assert_string_equal(string(heap, "owner"), "malloc");
	assert_int_equal(number(heap, "private_dirty"), 60 * KIB);
	assert_int_equal(
		number(heap, "pinned") + number(heap, "trimmable"), number(heap, "retained"));
	assert_string_equal(
		string(row(report, "mappings", 3), "owner"), "thread 4243 exactly15 bytes");
	assert_string_equal(string(row(report, "mappings", 4), "owner"), "map_it (server)");
	json_decref(report);
	free(world);
}

static void path_is_decoded_and_keeps_every_byte(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *file = row(report, "mappings", 5);

	(void)state;
	assert_string_equal(string(file, "path"), "/tmp/a\nb \033[31m\u00ff (deleted)");
	assert_string_equal(string(file, "owner"), "a\nb \033[31m\u00ff");
	assert_string_equal(string(file, "perms"), "r--s");
	world_report(world, report_json);
	assert_non_null(strstr(world->output, "\"/tmp/a\\u000ab \\u001b[31m\\udcff (deleted)\""));
	json_decref(report);
	free(world);
}

static void frames_tell_where_and_what(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *first = row(report, "callstacks", 0);
	json_t *frame = row(first, "frames", 0), *inner, *outer;

	(void)state;
	assert_int_equal(number(first, "id"), F_LIBC);
	assert_int_equal(json_array_size(json_object_get(first, "frames")), 3);
	assert_string_equal(string(frame, "pc"), "0x7f0000000300");
	assert_string_equal(string(frame, "module"), "/usr/lib/libc.so.6");
	assert_int_equal(number(frame, "offset"), 0x300);
	assert_string_equal(string(frame, "function"), "__libc_reallocarray");
	inner = row(stack_with(report, F_LIST), "frames", 0);
	outer = row(stack_with(report, F_LIST), "frames", 1);
	assert_string_equal(string(inner, "pc"), string(outer, "pc"));
	assert_true(json_is_true(json_object_get(inner, "inlined")));
	assert_null(json_object_get(outer, "inlined"));
	assert_string_equal(string(inner, "file"), "/src/list.c");
	assert_int_equal(number(outer, "line"), 40);
	frame = row(stack_with(report, F_NAMELESS), "frames", 0);
	assert_true(is_null(frame, "function") && is_null(frame, "module"));
	json_decref(report);
	free(world);
}

static void call_stacks_that_never_allocated_are_listed_where_needed(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world);

	(void)state;
	assert_int_equal(number(stack_with(report, F_MAP), "allocations"), 0);
	assert_int_equal(json_array_size(json_object_get(stack_with(report, F_MAP), "frames")), 2);
	stack_with(report, F_SPAWN);
	assert_int_equal(json_array_size(json_object_get(stack_with(report, 0), "frames")), 0);
	/* main alone is nobody's call stack. */
	assert_int_equal(json_array_size(json_object_get(report, "callstacks")), 6);
	json_decref(report);
	free(world);
}

static void regions_tell_who_and_when(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *region = row(report, "regions", 1);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(report, "regions")), 2);
	assert_string_equal(string(region, "start"), "0x7f2000004000");
	assert_string_equal(string(region, "kind"), "anon");
	assert_string_equal(string(region, "call"), "mmap");
	assert_string_equal(string(region, "owner"), "map_it (server)");
	assert_int_equal(number(region, "callstack"), F_MAP);
	assert_int_equal(number(region, "tid"), 4243);
	assert_int_equal(number(region, "time_ns"), START_NS + 200);
	json_decref(report);
	free(world);
}

static void threads_tell_their_stacks(void **state)
{
	struct world *world = world_make();
	json_t *report = parsed(world), *first = row(report, "threads", 0);
	json_t *second = row(report, "threads", 1), *third = row(report, "threads", 2);

	(void)state;
	assert_true(is_null(first, "stack_start") && is_null(first, "stack_resident"));
	assert_true(json_is_true(json_object_get(first, "main")));
	assert_string_equal(string(second, "stack_start"), "0x7f1000001000");
	assert_int_equal(number(second, "stack_resident"), 12 * KIB);
	assert_int_equal(number(second, "guard_bytes"), 4096);
	assert_int_equal(number(second, "creator"), F_SPAWN);
	assert_string_equal(string(second, "name"), "exactly15 bytes");
	assert_true(json_is_true(json_object_get(third, "ended")));
	json_decref(report);
	free(world);
}

static void blocks_are_listed_when_asked_for(void **state)
{
	struct world *world = world_make();
	json_t *report, *block;

	(void)state;
	world->options.blocks = true;
	report = parsed(world);
	assert_int_equal(sum(report, "blocks", "size"), 10100);
	block = row(report, "blocks", 0);
	assert_string_equal(string(block, "address"), "0x10000010");
	assert_string_equal(string(block, "mapping_at_birth"), "0x10000000-0x10008000");
	assert_string_equal(string(block, "mapping"), "0x10000000-0x10010000");
	assert_int_equal(number(block, "tid"), 4242);
	assert_int_equal(number(block, "time_ns"), START_NS + 250);
	assert_int_equal(number(block, "callstack"), F_LIBC);
	all_is_consistent(report);
	json_decref(report);
	free(world);
}

static void each_row_has_a_line(void **state)
{
	struct world *world = world_make();
	unsigned rows = 0;

	(void)state;
	world_report(world, report_json);
	for (char *line = strtok(world->output, "\n"); line; line = strtok(NULL, "\n"))
		rows += strncmp(line, "{\"start\":", 9) == 0;
	assert_int_equal(rows, WORLD_MAPPINGS + 2);
	free(world);
}

/* -- What cannot be known ------------------------------------------------------------------- */

static void figures_of_pages_are_null_where_pages_are_not_known(void **state)
{
	struct world *world = world_make();
	json_t *report, *heap;

	(void)state;
	world->atlas.pages_known = false;
	report = parsed(world);
	heap = row(report, "mappings", 1);
	assert_true(is_null(heap, "live_resident") && is_null(heap, "retained"));
	assert_true(is_null(heap, "trimmable") && is_null(heap, "pinned"));
	assert_true(is_null(row(report, "callstacks", 0), "live_resident"));
	assert_true(is_null(row(report, "callstacks", 0), "pinned"));
	json_decref(report);
	free(world);
}

static void nothing_known_is_a_report_too(void **state)
{
	struct world *world = world_empty();
	json_t *report;

	(void)state;
	world->options.blocks = true;
	report = parsed(world);
	assert_true(is_null(json_object_get(report, "process"), "exe"));
	assert_true(json_is_false(json_object_get(json_object_get(report, "dump"), "complete")));
	assert_int_equal(json_array_size(json_object_get(report, "callstacks")), 1);
	all_is_consistent(report);
	json_decref(report);
	free(world);
}

static void without_scratch_memory_the_figures_are_the_same(void **state)
{
	struct world *world = world_make();
	json_t *report;

	(void)state;
	world->options.scratch = NULL;
	report = parsed(world);
	all_is_consistent(report);
	assert_int_equal(number(row(report, "regions", 0), "callstack"), 0);
	/* Nothing undoes the escapes. */
	assert_non_null(strstr(world->output, "a\\\\012b"));
	json_decref(report);
	free(world);
}

static void fill_with(void *bytes, size_t size, unsigned seed)
{
	unsigned char *at = bytes;

	srand(seed);
	while (size--)
		*at++ = (unsigned char)(rand() % 3 ? rand() % 10 : rand());
}

/* Whatever a program wrote over the tables: valid JSON, and sums as before. */
static void damaged_tables_make_no_damaged_report(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 150; seed++) {
		struct world *world = world_make();
		json_t *report;

		world->options.blocks = true;
		fill_with(world->frame, sizeof world->frame, seed);
		fill_with(world->origin, sizeof world->origin, seed + 1);
		fill_with(world->moment, sizeof world->moment, seed + 2);
		fill_with(world->birth, sizeof world->birth, seed + 3);
		fill_with(world->thread, sizeof world->thread, seed + 4);
		fill_with(world->region, sizeof world->region, seed + 5);
		fill_with(world->module, sizeof world->module, seed + 6);
		fill_with(world->string, sizeof world->string, seed + 7);
		report = parsed(world);
		all_is_consistent(report);
		json_decref(report);
		free(world);
	}
}

static void lanes_that_lie_about_their_length_are_not_followed(void **state)
{
	struct world *world = world_make();

	(void)state;
	/* Within the first segment nobody can tell; behind it there is none. */
	for (uint32_t i = 0; i < 6; i++)
		world->frame[i].module = world->frame[i].parent = 100000;
	world->modules.count = world->frames.count = UINT32_MAX;
	world->thread[1].creator = 200000;
	json_decref(parsed(world));
	free(world);
}

/* Made by another thread after the atlas: nothing lists it any more. */
static void call_stack_that_came_later_is_not_referred_to(void **state)
{
	struct world *world = world_make();
	json_t *report;

	(void)state;
	world->atlas.frames = F_MAP - 1;
	report = parsed(world);
	assert_int_equal(number(row(report, "regions", 0), "callstack"), 0);
	assert_int_equal(number(row(report, "threads", 1), "creator"), 0);
	all_is_consistent(report);
	json_decref(report);
	free(world);
}

static void unknown_numbers_are_null_or_zero(void **state)
{
	struct world *world = world_make();
	json_t *report, *block;

	(void)state;
	world->options.blocks = true;
	world->moment[0].mapping = 77;
	world->moment[0].thread = 88;
	world->origin[0].frame = 99;
	world->regions_of[1].thread = 66;
	world->regions_of[1].frame = 55;
	world->mapping[1].end = HEAP + 8;
	report = parsed(world);
	block = row(report, "blocks", 0);
	assert_int_equal(number(block, "callstack"), 0);
	assert_true(is_null(block, "tid") && is_null(block, "mapping_at_birth"));
	assert_true(is_null(block, "mapping"));
	assert_int_equal(number(row(report, "regions", 1), "tid"), 0);
	assert_true(is_null(row(report, "regions", 1), "owner"));
	json_decref(report);
	free(world);
}

static void threads_by_the_thousand_are_cut_to_the_last(void **state)
{
	enum { THREADS = 5000 };
	struct vmatlas_thread *threads = calloc(THREADS, sizeof *threads);
	struct world *world = world_make();
	json_t *report;

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++)
		threads[i] = (struct vmatlas_thread){.tid = i + 1, .ended = i % 1000 ? 5 : 0};
	lane_over(&world->threads, threads, THREADS, sizeof *threads);
	report = parsed(world);
	/* 1,024 of the last, one of them alive, and four more that live. */
	assert_int_equal(json_array_size(json_object_get(report, "threads")), 1024 + 4);
	json_decref(report);
	free(world);
	free(threads);
}

static int refuse(void *context, const char *bytes, size_t length)
{
	(void)context;
	(void)bytes;
	(void)length;
	return 32; /* EPIPE */
}

static void errors_of_the_sink_come_back(void **state)
{
	struct world *world = world_make();
	char buffer[64];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof buffer, refuse, NULL);
	assert_int_equal(report_json(&world->atlas, &world->names, &world->options, &text), 32);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_agreement_are_there),
		cmocka_unit_test(estimates_have_their_errors),
		cmocka_unit_test(process_and_dump_are_told),
		cmocka_unit_test(mapping_is_the_kernels_line_and_more),
		cmocka_unit_test(path_is_decoded_and_keeps_every_byte),
		cmocka_unit_test(frames_tell_where_and_what),
		cmocka_unit_test(call_stacks_that_never_allocated_are_listed_where_needed),
		cmocka_unit_test(regions_tell_who_and_when),
		cmocka_unit_test(threads_tell_their_stacks),
		cmocka_unit_test(blocks_are_listed_when_asked_for),
		cmocka_unit_test(each_row_has_a_line),
		cmocka_unit_test(figures_of_pages_are_null_where_pages_are_not_known),
		cmocka_unit_test(nothing_known_is_a_report_too),
		cmocka_unit_test(without_scratch_memory_the_figures_are_the_same),
		cmocka_unit_test(damaged_tables_make_no_damaged_report),
		cmocka_unit_test(lanes_that_lie_about_their_length_are_not_followed),
		cmocka_unit_test(call_stack_that_came_later_is_not_referred_to),
		cmocka_unit_test(unknown_numbers_are_null_or_zero),
		cmocka_unit_test(threads_by_the_thousand_are_cut_to_the_last),
		cmocka_unit_test(errors_of_the_sink_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
