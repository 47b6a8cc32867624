#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "core/utf8.h"
#include "lines.h"
#include "world.h"

static const char *text_of(struct world *world)
{
	return world_report(world, report_text);
}

/* The text up to the n-th line. */
static const char *head(struct world *world, unsigned lines)
{
	char *at = world->output;

	while (lines-- && at)
		at = strchr(at + 1, '\n');
	if (at)
		*at = 0;
	return world->output;
}

static void first_lines_say_who_when_and_why(void **state)
{
	static const char expected[] =
		"vmatlas: server (pid 4242)  2026-11-22 07:55:12 UTC  dump 3, by signal\n"
		"  command   server --port 80\n"
		"  running   2 h 14 min; kernel Linux 6.18.0\n";
	struct world *world = world_make();

	(void)state;
	assert_memory_equal(text_of(world), expected, sizeof expected - 1);
	free(world);
}

static void totals_that_are_not_known(void **state)
{
	struct world *world = world_make();
	const char *text;

	(void)state;
	world->view.allocations = world->view.frees = VIEW_UNKNOWN;
	world->view.allocated_bytes = world->view.freed_bytes = VIEW_UNKNOWN;
	world->view.peak_live_bytes = VIEW_UNKNOWN;
	text_of(world);
	text = head(world, 25);
	has_line(text, "  live        9.9 KiB  in 3 blocks; peak not known");
	has_line(text, "  ever      not known: something wrote over vmatlas's counters");
	free(world);
}

static void screen_says_how_much_of_what_and_whose(void **state)
{
	struct world *world = world_make();
	const char *text;

	(void)state;
	text_of(world);
	text = head(world, 25);
	has_line(text, "  RSS       240.0 KiB  of 292.0 KiB mapped; PSS 146.0 KiB");
	has_line(text, "  live        9.9 KiB  in 3 blocks; peak 11.7 KiB ± 64 B");
	has_line(text, "  ever       20.1 KiB  in 16 allocations; 13 frees");
	has_line(text, "                       1 live block in a mapping that changed since");
	has_line(text, "  most by     9.8 KiB  99.0% of live, in 2 blocks: make_table (server)");
	has_line(text, "     64.0 KiB    26.7%            65,536  machine code");
	has_line(text, "      5.9 KiB     2.4%             6,000    of which pinned: "
		       "on a page with a live block");
	has_line(text, "            0     0.0%                 0  unexplained");
	has_line(text, "    240.0 KiB   100.0%           245,760  RSS");
	free(world);
}

static void ledger_has_the_largest_first_and_no_empty_rows(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	assert_true(strstr(text, "machine code") < strstr(text, "retained by malloc"));
	assert_true(strstr(text, "retained by malloc") < strstr(text, "mapped by the program"));
	assert_true(strstr(text, "  live blocks") < strstr(text, "  mapped files"));
	has_not(text, "main stack");
	has_not(text, "shared memory");
	free(world);
}

static void warnings_stand_only_where_something_is_wrong(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_line(text, "  ! SIGUSR2 belongs to the program.");
	has_line(text, "  ! not seen: 12 frees of older blocks");
	has_not(text, "calls in handlers");
	has_not(text, "not complete");
	has_not(text, "pages are in memory");
	world->view.complete = false;
	world->atlas.pages_known = false;
	world->atlas.unplaced = 1234567;
	text = text_of(world);
	has_line(text, "  ! This report is not complete: something could not be read.");
	has_line(text, "  ! not seen: 1,234,567 live blocks that lie in no mapping");
	assert_non_null(strstr(text, "cannot be told apart"));
	has_not(text, "pinned");
	free(world);
}

static void call_stack_says_what_it_holds_and_where(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_line(text, "#1   9.8 KiB  99.0%  in 2 blocks, pins 5.8 KiB; ever 19.5 KiB in 10; "
		       "call stack 3");
	has_line(text, "     in [heap] 9.8K");
	has_line(text, "        __libc_reallocarray  (libc.so.6)");
	has_line(text, "        push  list.c:12  (server)  inlined");
	has_line(text, "        make_list  list.c:40  (server)");
	has_not(text, "#3");
	free(world);
}

/* Each figure by call stack has its error, and no other has one. */
static void estimates_are_marked(void **state)
{
	struct world *world = world_make();
	const uint64_t error[ATLAS_HELDS] = {[ATLAS_LIVE_BLOCKS] = 1,
		[ATLAS_LIVE_BYTES] = 2048,
		[ATLAS_PINNED] = 1024,
		[ATLAS_ALLOCATIONS] = 3,
		[ATLAS_ALLOCATED_BYTES] = 4096};
	const char *text;

	(void)state;
	world->view.sample_mean = 65536;
	world->atlas.samples = 3;
	world->atlas.samples_ever = 1000;
	memcpy(world->stack[0].error, error, sizeof error);
	text = text_of(world);
	has_line(text,
		"  ! Call stacks are sampled: one in 64.0 KiB of allocated bytes, 3 of 1,000 "
		"samples live; ± is one standard error.");
	has_line(text, "  live        9.9 KiB  in 3 blocks; peak 11.7 KiB ± 64 B");
	has_line(text, "  ever       20.1 KiB  in 16 allocations; 13 frees");
	has_not(text, "in a mapping that changed since");
	has_line(text, "  most by     9.8 KiB  ± 2.0 KiB, 99.0% of live, in 2 ± 1 blocks: "
		       "make_table (server)");
	has_line(text, "#1   9.8 KiB ± 2.0 KiB  99.0%  in 2 ± 1 blocks, pins 5.8 KiB ± 1.0 KiB; "
		       "ever 19.5 KiB ± 4.0 KiB in 10 ± 3; 2 samples; call stack 3");
	free(world);
}

static void blocks_elsewhere_are_told(void **state)
{
	struct world *world = world_make();

	(void)state;
	world->stack[0].live_bytes += 4096;
	has_line(text_of(world), "     in [heap] 9.8K, elsewhere 4.0K");
	free(world);
}

static void lists_end_where_asked(void **state)
{
	struct world *world = world_make();
	const char *text;

	(void)state;
	world->options.stacks = 1;
	world->options.depth = 2;
	text = text_of(world);
	has_line(text, "Call stacks with the most live bytes (1 of 2)");
	has_line(text, "        … 1 more");
	has_not(text, "#2");
	free(world);
}

static void frames_without_a_name_say_where(void **state)
{
	struct world *world = world_make();
	const char *text;

	(void)state;
	world->names.of = NULL;
	world->stack[0].frame = F_NAMELESS;
	text = text_of(world);
	has_line(text, "        0x5555");
	has_line(text, "        server+0x100");
	assert_non_null(strstr(text, " 0x5555\n"));
	free(world);
}

static void mappings_stand_in_columns(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_line(text, "start-end                 perm kind          size   rss dirty  blocks  "
		       "live retained  name or owner");
	has_line(text, "10000000-10010000         rw-p heap           64K   64K   60K       3  "
		       "9.9K      54K  [heap]  malloc");
	has_line(text, "7f1000001000-7f1000011000 rw-p thread-stack   64K   12K     -       -  "
		       "   -        -  thread 4243 exactly15 bytes");
	has_line(text, "7f2000000000-7f2000008000 rw-p anon           32K   32K     -       -  "
		       "   -        -  map_it (server)");
	world->atlas.swap = world->mapping[4].swap = 8 * KIB;
	text = text_of(world);
	has_line(text, "7f2000000000-7f2000008000 rw-p anon           32K   32K     -  8.0K       "
		       "-     -        -  map_it (server)");
	assert_non_null(strstr(text, "; swapped out 8.0 KiB"));
	free(world);
}

static void bss_is_its_modules(void **state)
{
	struct world *world = world_make();
	struct atlas_mapping *mapping = &world->mapping[4];

	(void)state;
	world->part[4].kind = mapping->kind = KIND_BSS;
	world->part[4].owner = mapping->owner = ATLAS_OWNER_PATH;
	mapping->module_path = world->mapping[2].path;
	mapping->module_path_length = world->mapping[2].path_length;
	has_line(text_of(world), "7f2000000000-7f2000008000 rw-p bss            32K   32K     -    "
				 "   -     -        -  libc.so.6");
	free(world);
}

static void regions_are_grouped_by_who_mapped_them(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_line(text, "Who mapped what: 32.0 KiB in 2 regions");
	has_line(text, "  32.0 KiB  100.0%  in 2 regions; call stack 5");
	world->region[1].frame = 0;
	world->options.stacks = 1;
	text = text_of(world);
	has_line(text, "  16.0 KiB  50.0%  in 1 region");
	has_line(text, "        call stack not known");
	has_line(text, "  16.0 KiB  50.0%  in 1 region by others");
	free(world);
}

static void threads_that_live_are_listed(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_line(text, "Threads: 2, and 1 that ended");
	has_line(text, "     4242      ?       ?      ?  server, main thread");
	has_line(text, "     4243    12K     64K   4.0K  exactly15 bytes, made by spawn (server)");
	has_not(text, "4244");
	world->thread[0].name[0] = world->thread[1].name[0] = 0;
	text = text_of(world);
	has_line(text, "     4242      ?       ?      ?  main thread");
	has_line(text, "     4243    12K     64K   4.0K  made by spawn (server)");
	free(world);
}

static void blocks_are_listed_when_asked_for(void **state)
{
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	has_not(text, "\nBlocks\n");
	world->options.blocks = true;
	text = text_of(world);
	has_line(text, "000010000010           4,000           3     4242   2 h 13 min  "
		       "heap 10000000, at birth 10000000-10008000");
	has_line(text, "000010004018             100           4     4243   2 h 13 min  "
		       "heap 10000000");
	free(world);
}

static void last_line_says_that_it_is_the_last(void **state)
{
	static const char last[] = "\nvmatlas: end of report 3\n";
	struct world *world = world_make();
	const char *text = text_of(world);

	(void)state;
	assert_string_equal(text + strlen(text) - strlen(last), last);
	free(world);
}

/* -- What a program can do to its report ---------------------------------------------------- */

static void is_clean(const char *text)
{
	for (size_t at = 0, length = strlen(text); at < length;) {
		uint32_t code = 0;
		size_t bytes = utf8_decode(text + at, length - at, &code);

		assert_true(bytes > 0);
		assert_true(code == '\n' || (code >= 0x20 && code != 0x7f && code != 0x202e));
		at += bytes;
	}
}

static size_t hostile_names(void *context, uint32_t frame, struct name *names, size_t capacity)
{
	(void)context;
	(void)frame;
	(void)capacity;
	names[0] =
		(struct name){"f\033]0;gone\a\n\xff<\n>", "/x/\033[2J\n.c", UINT32_MAX, UINT64_MAX};
	return 1;
}

static void names_of_the_program_stay_on_their_line(void **state)
{
	struct world *world = world_make();
	const char *text;

	(void)state;
	world->options.blocks = true;
	world->names.of = hostile_names;
	world->view.name = "\033[31m\xe2\x80\xae";
	world->view.argv = "a\nb\0\033c";
	world->view.argv_length = 7;
	memcpy(world->thread[1].name, "\n\033\xff\x80ruler-of-all", 16);
	world_string(world, 0, "/usr/bin/\033[2Jx\n");
	text = text_of(world);
	is_clean(text);
	has_line(text, "  command   a\\x0ab \\x1bc");
	assert_non_null(strstr(text, "/tmp/a\\x0ab \\x1b[31m\\xff (deleted)\n"));
	assert_non_null(strstr(text, "vmatlas: end of report 3\n"));
	free(world);
}

static void long_command_is_cut(void **state)
{
	char argv[1000];
	struct world *world = world_make();

	(void)state;
	memset(argv, 'x', sizeof argv);
	world->view.argv = argv;
	world->view.argv_length = sizeof argv;
	assert_non_null(strstr(text_of(world), "xxx…\n"));
	assert_null(strchr(text_of(world), '\r'));
	free(world);
}

static void fill_with(void *bytes, size_t size)
{
	for (unsigned char *at = bytes; size--; at++)
		*at = (unsigned char)(rand() % 3 ? rand() % 10 : rand());
}

static void damaged_tables_make_a_clean_report(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 150; round++) {
		struct world *world = world_make();

		world->options.blocks = true;
		fill_with(world->frame, sizeof world->frame);
		fill_with(world->origin, sizeof world->origin);
		fill_with(world->moment, sizeof world->moment);
		fill_with(world->birth, sizeof world->birth);
		fill_with(world->thread, sizeof world->thread);
		fill_with(world->region, sizeof world->region);
		fill_with(world->module, sizeof world->module);
		fill_with(world->string, sizeof world->string);
		is_clean(text_of(world));
		assert_non_null(strstr(world->output, "vmatlas: end of report 3\n"));
		free(world);
	}
}

/* -- What is not there ---------------------------------------------------------------------- */

static void nothing_known_is_a_short_report(void **state)
{
	static const char expected[] =
		"vmatlas: ? (pid 1)  1970-01-01 00:00:00 UTC  dump 0, by ?\n"
		"  running   0\n"
		"  RSS               0  of 0 mapped; PSS 0\n"
		"  live              0  in 0 blocks; peak 0\n"
		"  ever              0  in 0 allocations; 0 frees\n"
		"  ! This report is not complete: something could not be read.\n"
		"  ! The kernel's list of mappings could not be read.\n"
		"\n"
		"What RSS is made of\n"
		"            0        -                 0  unexplained\n"
		"            0        -                 0  RSS\n"
		"\n"
		"vmatlas: end of report 0\n";
	struct world *world = world_empty();

	(void)state;
	assert_string_equal(text_of(world), expected);
	free(world);
}

static void scratch_memory_of_the_size_asked_for_is_enough(void **state)
{
	struct world *world = world_make();
	size_t words = report_scratch(&world->atlas, &world->options);
	uint64_t *exactly = calloc(words, sizeof *exactly);
	char *whole = strdup(text_of(world));

	(void)state;
	world->options.scratch = exactly;
	world->options.scratch_words = words;
	assert_string_equal(text_of(world), whole);
	free(exactly);
	free(whole);
	free(world);
}

static void less_scratch_memory_says_less(void **state)
{
	struct world *world = world_make();

	(void)state;
	for (size_t words = 0; words < 600; words += 7) {
		const char *text;

		world->options.scratch_words = words;
		text = text_of(world);
		has_line(text, "Who mapped what: 32.0 KiB in 2 regions");
		has_line(text, "    240.0 KiB   100.0%           245,760  RSS");
	}
	free(world);
}

/* -- The same figures as in JSON ------------------------------------------------------------ */

static uint64_t ungrouped(const char *at)
{
	uint64_t value = 0;

	for (; *at == ',' || (*at >= '0' && *at <= '9'); at++)
		value = *at == ',' ? value : value * 10 + (uint64_t)(*at - '0');
	return value;
}

/* The exact bytes stand in the third column; what is "of which" is in the row above already. */
static uint64_t sum_of_ledger(const char *text, uint64_t *rss)
{
	const char *line = strchr(strstr(text, "What RSS is made of"), '\n') + 1;
	uint64_t sum = 0;

	for (; *line != '\n'; line = strchr(line, '\n') + 1) {
		const char *figure = strpbrk(line + 22, "0123456789");
		uint64_t bytes = ungrouped(figure);
		size_t what = strcspn(figure, " ") + 2;

		if (!strncmp(figure + what, "RSS", 3))
			*rss = bytes;
		else if (figure[what] != ' ')
			sum += bytes;
	}
	return sum;
}

static void ledger_adds_up_to_the_rss_of_the_json(void **state)
{
	struct world *world = world_make();
	uint64_t rss = 0, sum = sum_of_ledger(text_of(world), &rss);
	json_t *totals, *report;

	(void)state;
	world->mapping[5].path_length = 4; /* "/tmp": jansson takes no byte outside UTF-8 */
	report = json_loads(world_report(world, report_json), 0, NULL);
	assert_non_null(report);
	totals = json_object_get(report, "totals");
	assert_int_equal(sum, json_integer_value(json_object_get(totals, "rss")));
	assert_int_equal(rss, sum);
	json_decref(report);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_lines_say_who_when_and_why),
		cmocka_unit_test(totals_that_are_not_known),
		cmocka_unit_test(screen_says_how_much_of_what_and_whose),
		cmocka_unit_test(ledger_has_the_largest_first_and_no_empty_rows),
		cmocka_unit_test(warnings_stand_only_where_something_is_wrong),
		cmocka_unit_test(call_stack_says_what_it_holds_and_where),
		cmocka_unit_test(estimates_are_marked),
		cmocka_unit_test(blocks_elsewhere_are_told),
		cmocka_unit_test(lists_end_where_asked),
		cmocka_unit_test(frames_without_a_name_say_where),
		cmocka_unit_test(mappings_stand_in_columns),
		cmocka_unit_test(bss_is_its_modules),
		cmocka_unit_test(regions_are_grouped_by_who_mapped_them),
		cmocka_unit_test(threads_that_live_are_listed),
		cmocka_unit_test(blocks_are_listed_when_asked_for),
		cmocka_unit_test(last_line_says_that_it_is_the_last),
		cmocka_unit_test(names_of_the_program_stay_on_their_line),
		cmocka_unit_test(long_command_is_cut),
		cmocka_unit_test(damaged_tables_make_a_clean_report),
		cmocka_unit_test(nothing_known_is_a_short_report),
		cmocka_unit_test(scratch_memory_of_the_size_asked_for_is_enough),
		cmocka_unit_test(less_scratch_memory_says_less),
		cmocka_unit_test(ledger_adds_up_to_the_rss_of_the_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
