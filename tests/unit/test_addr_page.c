#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reading.h"
#include "tools/addr_page.h"

enum { PAGE = 4096, HUGE = 2 << 20 };

static int pagemap;

static int set_up(void **state)
{
	(void)state;
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	return pagemap < 0;
}

static char *map(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static struct addr_page live(const char *address)
{
	return addr_page_live(pagemap, (uintptr_t)address);
}

static void a_page_that_was_written_is_in_memory(void **state)
{
	char *memory = map(3 * PAGE);
	struct addr_page page;

	(void)state;
	memory[PAGE + 7] = 1;
	page = live(memory + PAGE + 100);
	assert_true(page.known);
	assert_int_equal(page.start, (uintptr_t)memory + PAGE);
	assert_int_equal(page.size, PAGE);
	assert_true(page.state & VIEW_PRESENT);
	assert_int_equal(live(memory).state, 0);
	assert_int_equal(live(memory + 2 * PAGE).state, 0);
	munmap(memory, 3 * PAGE);
}

static void a_page_that_was_only_read_is_the_page_of_zeros(void **state)
{
	volatile char *memory = map(PAGE);
	struct addr_page page;

	(void)state;
	(void)memory[5];
	page = live((char *)(uintptr_t)memory);
	if (page.by_entry)
		skip(); /* no PAGEMAP_SCAN: it cannot be told */
	assert_int_equal(page.state, reading_takes_a_page() ? VIEW_PRESENT : VIEW_ZERO);
	munmap((void *)(uintptr_t)memory, PAGE);
}

static void a_huge_page_is_one(void **state)
{
	char *memory = map(2 * HUGE);
	char *inside = (char *)(((uintptr_t)memory + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	struct addr_page page;

	(void)state;
	if (madvise(memory, 2 * HUGE, MADV_HUGEPAGE) == 0) {
		inside[0] = 1;
		page = live(inside + HUGE / 2);
		/* The kernel may have had none to spare. */
		if (page.state && !page.by_entry)
			assert_int_equal(page.state, VIEW_PRESENT | VIEW_HUGE);
	}
	munmap(memory, 2 * HUGE);
}

static void without_pagemap_nothing_is_known(void **state)
{
	(void)state;
	assert_false(addr_page_live(-1, 0x1000).known);
	assert_false(addr_page_live(pagemap, 0xffffffffff600000).known);
}

/* -- From a snapshot ------------------------------------------------------------------------ */

static size_t runs(
	void *context, uint64_t *from, uint64_t end, struct view_run *run, size_t capacity)
{
	const struct view_run *known = context;

	(void)capacity;
	if (!known->state) {
		*from = UINT64_MAX;
		return 0;
	}
	if (*from < known->start || *from >= known->end) {
		*from = end;
		return 0;
	}
	*run = (struct view_run){*from, end, known->state};
	*from = end;
	return 1;
}

static void a_snapshot_tells_what_was(void **state)
{
	struct view_run known = {0x2000, 0x3000, VIEW_SWAPPED};
	struct view view = {.page_size = PAGE, .runs = runs, .context = &known};
	struct addr_page page;

	(void)state;
	page = addr_page_frozen(&view, 0x2fff);
	assert_true(page.known);
	assert_int_equal(page.start, 0x2000);
	assert_int_equal(page.state, VIEW_SWAPPED);
	page = addr_page_frozen(&view, 0x3000);
	assert_true(page.known);
	assert_int_equal(page.state, 0);
	known.state = 0; /* the kernel would not say */
	assert_false(addr_page_frozen(&view, 0x2000).known);
	view.runs = NULL;
	assert_false(addr_page_frozen(&view, 0x2000).known);
}

/* -- Dirty ---------------------------------------------------------------------------------- */

static void dirt_is_told_where_all_pages_are_alike(void **state)
{
	struct addr_page page = {.known = true, .state = VIEW_PRESENT};
	struct smaps smaps = {.rss = 3 * PAGE, .private_dirty = 2 * PAGE, .shared_dirty = PAGE};

	(void)state;
	assert_int_equal(addr_page_dirty(&page, &smaps), ADDR_DIRTY);
	smaps.shared_dirty = 0;
	assert_int_equal(addr_page_dirty(&page, &smaps), ADDR_DIRTY_UNKNOWN);
	smaps.private_dirty = 0;
	assert_int_equal(addr_page_dirty(&page, &smaps), ADDR_CLEAN);
	page.state = VIEW_ZERO;
	assert_int_equal(addr_page_dirty(&page, &smaps), ADDR_DIRTY_UNKNOWN);
	page = (struct addr_page){.known = false, .state = VIEW_PRESENT};
	assert_int_equal(addr_page_dirty(&page, &smaps), ADDR_DIRTY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_was_written_is_in_memory),
		cmocka_unit_test(a_page_that_was_only_read_is_the_page_of_zeros),
		cmocka_unit_test(a_huge_page_is_one),
		cmocka_unit_test(without_pagemap_nothing_is_known),
		cmocka_unit_test(a_snapshot_tells_what_was),
		cmocka_unit_test(dirt_is_told_where_all_pages_are_alike),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
