#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/stack_use.h"
#include "world.h"

enum { PAGE = 4096 };

/* Pages of every mapping: one in memory, one of zeros, one swapped, one in memory and huge, and so
 * on. They come three at a time. */
static size_t striped(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	static const uint32_t states[] = {
		VIEW_PRESENT, VIEW_PRESENT | VIEW_ZERO, VIEW_SWAPPED, VIEW_PRESENT | VIEW_HUGE};
	size_t count = 0;

	(void)context;
	for (; *from < end && count < capacity && count < 3; *from += PAGE)
		runs[count++] = (struct view_run){*from, *from + PAGE, states[*from / PAGE % 4]};
	return count;
}

static size_t refused(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	(void)context;
	(void)end;
	(void)runs;
	(void)capacity;
	*from = UINT64_MAX;
	return 0;
}

/* One run over all that there is, however little was asked for. */
static size_t too_wide(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	(void)context;
	(void)capacity;
	if (*from >= end)
		return 0;
	*from = end;
	runs[0] = (struct view_run){0, UINT64_MAX, VIEW_PRESENT};
	return 1;
}

static void mapping_of_its_own_has_its_rss(void **state)
{
	struct world *world = world_make();
	uint64_t bytes = 0;

	(void)state;
	assert_true(stack_use(&world->atlas, &world->thread[1], &bytes));
	assert_int_equal(bytes, 12 * KIB);
	free(world);
}

static void shared_mapping_is_counted_by_pages(void **state)
{
	struct world *world = world_make();
	struct vmatlas_thread thread = {
		.stack_start = ANON + 4 * PAGE, .stack_end = ANON + 8 * PAGE};
	uint64_t bytes = 7;

	(void)state;
	assert_false(stack_use(&world->atlas, &thread, &bytes));
	assert_int_equal(bytes, 7);
	world->view.runs = refused;
	assert_false(stack_use(&world->atlas, &thread, &bytes));
	world->view.runs = striped;
	assert_true(stack_use(&world->atlas, &thread, &bytes));
	assert_int_equal(bytes, 2 * PAGE);
	world->view.runs = too_wide;
	assert_true(stack_use(&world->atlas, &thread, &bytes));
	assert_int_equal(bytes, 4 * PAGE);
	free(world);
}

static void stack_over_several_mappings_is_their_sum(void **state)
{
	struct world *world = world_make();
	struct vmatlas_thread thread = {.stack_start = STACK, .stack_end = ANON + 4 * PAGE};
	uint64_t bytes;

	(void)state;
	world->view.runs = too_wide;
	assert_true(stack_use(&world->atlas, &thread, &bytes));
	assert_int_equal(bytes, 12 * KIB + 4 * PAGE);
	free(world);
}

static void stack_nobody_knows_has_no_use(void **state)
{
	struct world *world = world_make();
	struct vmatlas_thread none = {.tid = 1}, reversed = {.stack_start = 2, .stack_end = 1};
	struct vmatlas_thread unmapped = {.stack_start = 0x1000, .stack_end = 0x2000};
	uint64_t bytes = 7;

	(void)state;
	assert_false(stack_use(&world->atlas, &none, &bytes));
	assert_false(stack_use(&world->atlas, &reversed, &bytes));
	assert_false(stack_use(&world->atlas, &unmapped, &bytes));
	assert_int_equal(bytes, 7);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mapping_of_its_own_has_its_rss),
		cmocka_unit_test(shared_mapping_is_counted_by_pages),
		cmocka_unit_test(stack_over_several_mappings_is_their_sum),
		cmocka_unit_test(stack_nobody_knows_has_no_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
