/* Totals that cannot be true are not told: counters that were written over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "apart.h"
#include "clock.h"
#include "core/view.h"
#include "lock.h"
#include "process.h"
#include "totals.h"
#include "track.h"

static int set_up(void **state)
{
	(void)state;
	lock_boot();
	clock_boot();
	mappings_boot();
	table_boot(true, false);
	track_boot();
	process_boot();
	guard_close((uintptr_t)__builtin_frame_address(0) + 1024);
	return 0;
}

static struct thread *live(size_t blocks)
{
	struct thread *thread = thread_attach();

	for (size_t i = 0; i < blocks; i++) {
		thread_count(&thread->counters.allocations, 1);
		thread_count(&thread->counters.allocated_bytes, 1000);
		thread_grow(thread, 1000);
	}
	return thread;
}

static void as_they_are_while_they_can_be_true(void **state)
{
	struct thread_totals before = totals_report(), after;

	(void)state;
	live(50);
	after = totals_report();
	assert_int_equal(after.allocations - before.allocations, 50);
	assert_int_equal(after.allocated_bytes - before.allocated_bytes, 50000);
	assert_int_equal(after.frees, before.frees);
	assert_in_range(after.peak_live_bytes, 50000, 50000 + before.peak_live_bytes);
}

/* In a child each: what is lost stays lost. */
static void are_lost(const void *peak)
{
	for (int i = 0; i < 2; i++) {
		struct thread_totals totals = totals_report();

		CHECK(totals.allocations == VIEW_UNKNOWN && totals.frees == VIEW_UNKNOWN);
		CHECK(totals.allocated_bytes == VIEW_UNKNOWN && totals.freed_bytes == VIEW_UNKNOWN);
		CHECK(!peak == (totals.peak_live_bytes != VIEW_UNKNOWN));
	}
}

static void more_frees_than_allocations(const void *unused)
{
	struct thread_counters *counters = &live(10)->counters;

	(void)unused;
	counters->frees = counters->allocations + 1;
	are_lost(NULL);
	counters->frees = 0;
	are_lost(NULL);
}

static void more_freed_than_allocated(const void *unused)
{
	struct thread_counters *counters = &live(10)->counters;

	(void)unused;
	counters->freed_bytes = counters->allocated_bytes + 1;
	are_lost(NULL);
}

static void a_counter_that_falls(const void *unused)
{
	struct thread *thread = live(10);

	(void)unused;
	CHECK(totals_report().allocations != VIEW_UNKNOWN);
	thread->counters.allocations--;
	are_lost(NULL);
}

static void more_than_time_allows(const void *unused)
{
	(void)unused;
	live(10)->counters.allocations |= (uint64_t)1 << 60;
	are_lost(NULL);
}

static void counters_that_are_not_found(const void *unused)
{
	(void)unused;
	live(10);
	*(uint64_t *)lane_get(thread_slots(), 1) ^= 8;
	are_lost(NULL);
}

static void only_the_peak_is_lost(void)
{
	for (int i = 0; i < 2; i++) {
		struct thread_totals totals = totals_report();

		CHECK(totals.peak_live_bytes == VIEW_UNKNOWN);
		CHECK(totals.allocations != VIEW_UNKNOWN);
	}
}

static void more_live_than_was_ever_mapped(const void *unused)
{
	struct thread *thread = live(10);

	(void)unused;
	thread_grow(thread, (size_t)1 << 40);
	thread_shrink(thread, (size_t)1 << 40);
	only_the_peak_is_lost();
}

static void more_live_than_there_can_be(const void *unused)
{
	struct thread *thread = live(10);

	(void)unused;
	thread->unsettled = INT64_MAX / 2;
	thread_settle(thread);
	only_the_peak_is_lost();
	CHECK(thread_totals().peak_live_bytes < 1 << 30);
}

/* VmPeak of a forked child begins anew. */
static void a_peak_of_the_parent(const void *peak)
{
	process_settle();
	CHECK(totals_report().peak_live_bytes >= *(const uint64_t *)peak);
	CHECK(totals_report().peak_live_bytes != VIEW_UNKNOWN);
}

static void a_child_has_its_parents_peak(void **state)
{
	const size_t size = (size_t)1 << 34;
	void *memory =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct thread *thread = thread_attach();
	uint64_t peak;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	thread_grow(thread, size);
	thread_shrink(thread, size);
	munmap(memory, size);
	peak = totals_report().peak_live_bytes;
	assert_in_range(peak, size, VIEW_UNKNOWN - 1);
	assert_int_equal(apart(a_peak_of_the_parent, &peak), 0);
}

static void what_cannot_be_true_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(apart(more_frees_than_allocations, NULL), 0);
	assert_int_equal(apart(more_freed_than_allocated, NULL), 0);
	assert_int_equal(apart(a_counter_that_falls, NULL), 0);
	assert_int_equal(apart(more_than_time_allows, NULL), 0);
	assert_int_equal(apart(counters_that_are_not_found, NULL), 0);
	assert_int_equal(apart(more_live_than_was_ever_mapped, NULL), 0);
	assert_int_equal(apart(more_live_than_there_can_be, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_they_are_while_they_can_be_true),
		cmocka_unit_test(what_cannot_be_true_is_not_told),
		cmocka_unit_test(a_child_has_its_parents_peak),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
