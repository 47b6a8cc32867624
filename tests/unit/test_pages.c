#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dice.h"
#include "kernel_maps.h"
#include "pages.h"
#include "reading.h"

enum { PAGE = 4096, PAGES = 1024, RUNS = 2048 };

/* What was done to each page, and so what must be said of it. */
enum touch { UNTOUCHED, READ, WRITTEN };

static char *area;
static uint8_t touched[PAGES];

static int set_up(void **state)
{
	struct dice dice = {11};

	(void)state;
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (int i = 0; i < PAGES; i++) {
		/* Runs of all lengths: a page is often as the one before. */
		touched[i] =
			i && dice_below(&dice, 3) ? touched[i - 1] : (uint8_t)dice_below(&dice, 3);
		if (touched[i] == WRITTEN)
			area[i * PAGE] = 1;
		else if (touched[i] == READ)
			(void)*(volatile char *)(area + i * PAGE);
	}
	return 0;
}

static size_t collect(
	struct pages *pages, uint64_t start, uint64_t end, struct view_run *runs, size_t step)
{
	uint64_t from = start;
	size_t count = 0;

	while (from < end) {
		size_t got = pages_runs(pages, &from, end, runs + count, step);

		assert_in_range(got, 0, step);
		count += got;
		assert_in_range(count, 0, RUNS - step);
	}
	return from == UINT64_MAX ? SIZE_MAX : count;
}

static void spread(const struct view_run *runs, size_t count, uint32_t *states)
{
	uint64_t last = 0;

	memset(states, 0, PAGES * sizeof *states);
	for (size_t i = 0; i < count; i++) {
		assert_true(runs[i].start >= last && runs[i].start < runs[i].end && runs[i].state);
		last = runs[i].end;
		for (uint64_t at = runs[i].start; at < last; at += PAGE)
			states[(at - (uintptr_t)area) / PAGE] = runs[i].state;
	}
}

static void assert_states(enum pages_way way, size_t step)
{
	static struct view_run runs[RUNS];
	static uint32_t states[PAGES];
	bool shared = way == PAGES_SCAN && !reading_takes_a_page();
	uint32_t zero = shared ? VIEW_ZERO : VIEW_PRESENT;
	struct pages pages;
	uint64_t start = (uintptr_t)area;

	pages_open(&pages);
	pages.way = (enum pages_way)way;
	spread(runs, collect(&pages, start, start + PAGES * PAGE, runs, step), states);
	pages_close(&pages);
	for (int i = 0; i < PAGES; i++) {
		assert_int_equal(states[i], touched[i] == WRITTEN ? VIEW_PRESENT
					    : touched[i] == READ  ? zero
								  : 0);
	}
}

static void every_page_is_what_was_done_to_it(void **state)
{
	(void)state;
	assert_states(PAGES_SCAN, 64);
	assert_states(PAGES_ENTRIES, 64);
	assert_states(PAGES_MINCORE, 64);
}

/* Answers come in pieces, and none is lost or given twice where two meet. */
static void few_at_a_time_say_the_same(void **state)
{
	(void)state;
	for (size_t step = 1; step < 8; step++) {
		assert_states(PAGES_SCAN, step);
		assert_states(PAGES_ENTRIES, step);
		assert_states(PAGES_MINCORE, step);
	}
	assert_states(PAGES_SCAN, 1000);
	assert_states(PAGES_ENTRIES, 1000);
	assert_states(PAGES_MINCORE, 1000);
}

static void the_parts_of_a_mapping_can_be_asked_for(void **state)
{
	struct view_run runs[RUNS];
	struct pages pages;

	(void)state;
	pages_open(&pages);
	for (int way = PAGES_SCAN; way < PAGES_NONE; way++) {
		pages.way = (enum pages_way)way;
		for (int i = 0; i < PAGES; i++) {
			uint64_t start = (uintptr_t)area + (uint64_t)i * PAGE;
			size_t count = collect(&pages, start, start + PAGE, runs, 64);

			assert_int_equal(count, touched[i] == UNTOUCHED ? 0 : 1);
			assert_true(
				!count || (runs[0].start == start && runs[0].end == start + PAGE));
		}
	}
	pages_close(&pages);
}

static uint64_t present(struct pages *pages, uint64_t start, uint64_t end)
{
	static struct view_run runs[RUNS];
	size_t count = collect(pages, start, end, runs, 64);
	uint64_t bytes = 0;

	assert_true(count != SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		bytes += runs[i].state & VIEW_PRESENT ? runs[i].end - runs[i].start : 0;
	return bytes;
}

/* This test's own mappings change while it looks. */
static bool holds_still(const struct kernel_line *line)
{
	return strcmp(line->name, "[stack]") && strcmp(line->name, "[heap]") &&
	       strncmp(line->name, "[v", 2) && !strstr(line->name, "test_pages");
}

static void present_bytes_are_the_kernels_rss(void **state)
{
	static char buffer[1 << 16];
	FILE *file = fopen("/proc/self/smaps", "re");
	struct kernel_line line = {.end = 0};
	unsigned long kib, compared = 0;
	struct pages pages;
	char text[1024];

	(void)state;
	setvbuf(file, buffer, _IOFBF, sizeof buffer);
	pages_open(&pages);
	while (fgets(text, sizeof text, file)) {
		if (sscanf(text, "Rss: %lu kB", &kib) != 1) {
			kernel_parse(text, &line);
		} else if (holds_still(&line)) {
			assert_int_equal(present(&pages, line.start, line.end), kib * 1024);
			compared++;
		}
	}
	assert_in_range(compared, 10, 1000);
	pages_close(&pages);
	fclose(file);
}

static void a_mapping_outside_the_program_ends_nothing(void **state)
{
	struct view_run runs[RUNS];
	struct pages pages;

	(void)state;
	pages_open(&pages);
	for (int way = PAGES_SCAN; way < PAGES_NONE; way++) {
		pages.way = (enum pages_way)way;
		/* [vsyscall], as x86-64 kernels list it */
		assert_int_equal(
			collect(&pages, 0xffffffffff600000, 0xffffffffff601000, runs, 64), 0);
		assert_in_range(
			collect(&pages, (uintptr_t)area, (uintptr_t)area + PAGES * PAGE, runs, 64),
			1, RUNS);
	}
	pages_close(&pages);
}

static void guard_pages_hold_nothing(void **state)
{
	enum { GUARD_INSTALL = 102 }; /* MADV_GUARD_INSTALL, Linux 6.13 */
	char *stack =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct view_run runs[RUNS];
	struct pages pages;

	(void)state;
	stack[2 * PAGE] = 1;
	if (madvise(stack, PAGE, GUARD_INSTALL))
		skip();
	pages_open(&pages);
	for (int way = PAGES_SCAN; way < PAGES_NONE; way++) {
		pages.way = (enum pages_way)way;
		assert_int_equal(
			collect(&pages, (uintptr_t)stack, (uintptr_t)stack + 4 * PAGE, runs, 64),
			1);
		assert_true(runs[0].start == (uintptr_t)stack + 2 * PAGE);
		assert_int_equal(runs[0].state, VIEW_PRESENT);
	}
	pages_close(&pages);
}

/* Without a descriptor for pagemap: by mincore. */
static void what_cannot_be_opened_is_asked_otherwise(void **state)
{
	static struct view_run runs[RUNS];
	struct rlimit before, none;
	uint64_t start = (uintptr_t)area, bytes = 0, written = 0;
	struct pages pages;
	size_t count;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){0, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	pages_open(&pages);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(pages.way, PAGES_MINCORE);
	count = collect(&pages, start, start + PAGES * PAGE, runs, 64);
	for (size_t i = 0; i < count; i++)
		bytes += runs[i].end - runs[i].start;
	for (int i = 0; i < PAGES; i++)
		written += touched[i] == UNTOUCHED ? 0 : PAGE;
	assert_int_equal(bytes, written);
	pages_close(&pages);
}

/* The chain goes from one way to the next, and says so when there is none. */
static void what_nobody_tells_is_not_known(void **state)
{
	struct pages pages = {.fd = -1, .way = PAGES_SCAN};
	uint64_t from = (uintptr_t)area;
	struct view_run run;

	(void)state;
	(void)pages_runs(&pages, &from, from + PAGE, &run, 1);
	assert_int_equal(pages.way, PAGES_MINCORE);
	pages.way = PAGES_NONE;
	assert_int_equal(pages_runs(&pages, &from, from + PAGE, &run, 1), 0);
	assert_true(from == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_is_what_was_done_to_it),
		cmocka_unit_test(few_at_a_time_say_the_same),
		cmocka_unit_test(the_parts_of_a_mapping_can_be_asked_for),
		cmocka_unit_test(present_bytes_are_the_kernels_rss),
		cmocka_unit_test(a_mapping_outside_the_program_ends_nothing),
		cmocka_unit_test(guard_pages_hold_nothing),
		cmocka_unit_test(what_cannot_be_opened_is_asked_otherwise),
		cmocka_unit_test(what_nobody_tells_is_not_known),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
