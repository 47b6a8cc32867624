#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "callstack.h"
#include "clock.h"
#include "lock.h"
#include "process.h"
#include "same_block.h"
#include "tracked.h"
#include "vmatlas_store.h"

enum { BLOCKS = 500 };

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

static __attribute__((noinline)) void *allocate(size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	void *block = malloc(size);

	track_alloc(thread_attach(), block, size, &at);
	return block;
}

static void assert_born(const struct block *block, const void *address, size_t size)
{
	const struct vmatlas_birth *birth = lane_find(mappings_births(), block->mapping);
	const struct vmatlas_origin *origin = lane_find(track_origins(), block->origin);
	uint64_t now = clock_ticks(), step = track_counts().resolution_ticks;

	assert_int_equal(block->address, (uintptr_t)address);
	assert_int_equal(block->size, size);
	assert_int_equal(block->thread, thread_attach()->id);
	assert_non_null(birth);
	assert_true(birth->start <= block->address && block->address < birth->end);
	assert_non_null(origin);
	assert_int_equal(origin->slot, thread_attach()->slot);
	assert_true(block->time <= now && now - block->time < step + clock_frequency());
}

static void a_block_is_known_with_all_that_it_is(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 16382, 16383, 16384, 1 << 20, 64 << 20};
	struct block found;

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		void *block = allocate(sizes[i]);

		assert_true(tracked_find(block, &found));
		assert_born(&found, block, sizes[i]);
		tracked_release(block);
		assert_false(tracked_find(block, &found));
	}
}

static void totals_are_sums_of_what_was_done(void **state)
{
	struct thread_totals before = thread_totals(), after;
	void *block[BLOCKS];
	uint64_t bytes = 0;

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		block[i] = allocate(i * 50);
		bytes += i * 50;
	}
	after = thread_totals();
	assert_int_equal(after.allocations - before.allocations, BLOCKS);
	assert_int_equal(after.allocated_bytes - before.allocated_bytes, bytes);
	for (int i = 0; i < BLOCKS; i++)
		tracked_release(block[i]);
	after = thread_totals();
	assert_int_equal(after.frees - before.frees, BLOCKS);
	assert_int_equal(after.freed_bytes - before.freed_bytes, bytes);
	assert_true(after.peak_live_bytes >= bytes);
}

static struct vmatlas_origin *origin_of(const void *block)
{
	struct block found;

	assert_true(tracked_find(block, &found));
	return lane_find(track_origins(), found.origin);
}

static void a_call_stack_counts_what_it_ever_asked_for(void **state)
{
	void *block[10];
	struct vmatlas_origin *origin, before = {0};

	(void)state;
	for (int i = 0; i < 10; i++) {
		block[i] = allocate(100);
		origin = origin_of(block[i]);
		if (i == 0)
			before = *origin;
		assert_int_equal(origin->frame, before.frame);
		assert_int_equal(origin->allocations, before.allocations + (uint64_t)i);
	}
	assert_int_equal(origin->allocated_bytes, before.allocated_bytes + 900);
	for (int i = 0; i < 10; i++)
		tracked_release(block[i]);
	assert_int_equal(origin->allocations, before.allocations + 9);
}

static void *allocate_there(void *unused)
{
	void *block;

	(void)unused;
	guard_close((uintptr_t)__builtin_frame_address(0) + 1024);
	block = allocate(333);
	thread_leave(thread_attach());
	return block;
}

static void another_thread_may_free_what_one_made(void **state)
{
	struct thread_totals before = thread_totals(), after;
	struct block found;
	pthread_t thread;
	void *block;

	(void)state;
	pthread_create(&thread, NULL, allocate_there, NULL);
	pthread_join(thread, &block);
	assert_true(tracked_find(block, &found));
	assert_int_not_equal(found.thread, thread_attach()->id);
	tracked_release(block);
	after = thread_totals();
	assert_int_equal(after.allocations - before.allocations, 1);
	assert_int_equal(after.freed_bytes - before.freed_bytes, 333);
}

static void what_was_not_taken_after_all_is_as_before(void **state)
{
	struct thread_totals before, after;
	struct table_taken taken;
	struct block was, is;
	void *block = allocate(1 << 20);

	(void)state;
	before = thread_totals();
	assert_true(tracked_find(block, &was));
	track_take(block, &taken);
	assert_false(tracked_find(block, &is));
	track_put_back(&taken);
	assert_true(tracked_find(block, &is));
	assert_true(same_block(&was, &is));
	after = thread_totals();
	assert_memory_equal(&before, &after, sizeof after);
	tracked_release(block);
}

static void frees_of_unknown_blocks_and_refused_calls_are_counted(void **state)
{
	struct thread_totals before = thread_totals(), after;

	(void)state;
	tracked_release(malloc(50));
	track_failed(thread_attach());
	after = thread_totals();
	assert_int_equal(after.unknown_frees, before.unknown_frees + 1);
	assert_int_equal(after.frees, before.frees);
	assert_int_equal(after.failed, before.failed + 1);
}

/* Freed where we could not see, and given out again. */
static void a_block_that_was_there_already_is_replaced(void **state)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread_totals before = thread_totals(), after;
	void *block = allocate(100);
	struct block found;

	(void)state;
	track_alloc(thread_attach(), block, 70, &at);
	after = thread_totals();
	assert_int_equal(after.replaced, before.replaced + 1);
	assert_int_equal(after.freed_bytes, before.freed_bytes + 100);
	assert_int_equal(after.allocated_bytes, before.allocated_bytes + 170);
	assert_true(tracked_find(block, &found) && found.size == 70);
	tracked_release(block);
}

static void callers_without_a_thread_are_kept_too(void **state)
{
	struct track_counts before = track_counts(), after;
	void *block = malloc(80);
	struct table_taken taken;
	struct block found;

	(void)state;
	track_alloc_elsewhere(block, 80);
	assert_true(tracked_find(block, &found));
	assert_true(found.size == 80 && found.origin == 0 && found.thread == 0);
	track_take(block, &taken);
	track_freed_elsewhere(&taken);
	assert_false(tracked_find(block, &found));
	track_take(block, &taken);
	track_freed_elsewhere(&taken); /* unknown: none of ours */
	free(block);
	after = track_counts();
	assert_int_equal(after.elsewhere_allocations, before.elsewhere_allocations + 1);
	assert_int_equal(after.elsewhere_frees, before.elsewhere_frees + 1);
}

/* Where the kernel knows no mapping, and no moment can be had, the rest is still kept. */
static void a_block_that_lies_nowhere_is_kept(void **state)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct table_taken taken;
	struct block found;
	void *nowhere = (void *)0x10000;

	(void)state;
	track_alloc(thread_attach(), nowhere, 10, &at);
	assert_true(tracked_find(nowhere, &found));
	assert_true(found.size == 10 && found.mapping == 0 && found.origin && found.time);
	track_take(nowhere, &taken);
	track_freed(thread_attach(), &taken);
}

static void be_a_child(const void *parent)
{
	const struct thread *former = parent;
	struct thread *thread = guard.thread;
	struct callstack_at at = CALLSTACK_HERE();
	void *block = malloc(10);
	struct block found;
	uint32_t id = former->id;

	CHECK(thread == former && process_forked());
	track_alloc(thread, block, 10, &at); /* as a wrapper does that knows of no fork yet */
	CHECK(!process_forked() && guard.thread && guard.thread->id != id);
	CHECK(tracked_find(block, &found) && found.thread == guard.thread->id);
}

static void the_first_block_of_a_forked_child_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(apart(be_a_child, thread_attach()), 0);
}

static void moments_grow_with_time_and_not_with_blocks(void **state)
{
	uint64_t first = track_counts().resolution_ticks, start = clock_ticks();
	uint64_t span = clock_frequency() / 5; /* 2,000 times 100 us, or of 4 ms 50 times */
	uint64_t most = span / (clock_step() ? clock_step() : clock_frequency() / 10000);
	uint32_t before = lane_count(track_moments());

	(void)state;
	while (clock_ticks() - start < span)
		tracked_release(allocate(10));
	assert_in_range(lane_count(track_moments()) - before, most / 20, most * 2);
	assert_int_equal(track_counts().resolution_ticks, first);
	assert_int_equal(track_counts().origins_lost, 0);
	assert_int_equal(table_lost(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_known_with_all_that_it_is),
		cmocka_unit_test(totals_are_sums_of_what_was_done),
		cmocka_unit_test(a_call_stack_counts_what_it_ever_asked_for),
		cmocka_unit_test(another_thread_may_free_what_one_made),
		cmocka_unit_test(what_was_not_taken_after_all_is_as_before),
		cmocka_unit_test(frees_of_unknown_blocks_and_refused_calls_are_counted),
		cmocka_unit_test(a_block_that_was_there_already_is_replaced),
		cmocka_unit_test(callers_without_a_thread_are_kept_too),
		cmocka_unit_test(a_block_that_lies_nowhere_is_kept),
		cmocka_unit_test(the_first_block_of_a_forked_child_is_its_own),
		cmocka_unit_test(moments_grow_with_time_and_not_with_blocks),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
