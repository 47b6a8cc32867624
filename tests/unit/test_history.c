#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "apart.h"
#include "clock.h"
#include "core/freed.h"
#include "history.h"
#include "lock.h"
#include "process.h"
#include "thread.h"
#include "track.h"

enum { LENGTH = 100, THREADS = 4, ROUNDS = 20000 };

static void begin(void)
{
	lock_boot();
	clock_boot();
	mappings_boot();
	table_boot(true, false);
	track_boot();
	process_boot();
	guard_close((uintptr_t)__builtin_frame_address(0) + 1024);
}

static __attribute__((noinline)) void *allocate(size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	void *block = malloc(size);

	track_alloc(thread_attach(), block, size, &at);
	return block;
}

static __attribute__((noinline)) void release(void *block, enum vmatlas_release call)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct history_release how = {thread_attach(), &at, clock_ticks(), call};
	struct table_taken taken;

	track_take(block, &taken);
	history_block(&how, &taken);
	track_freed(thread_attach(), &taken);
	free(block);
}

static uint64_t pc_of(uint32_t frame)
{
	const struct vmatlas_frame *record = lane_find(callstack_frames(), frame);

	return record ? record->pc : 0;
}

static bool last(const void *address, struct vmatlas_freed *freed)
{
	return freed_last(history_records(), (uintptr_t)address, UINT64_MAX, freed);
}

/* -- Each in a process of its own: a history begins once ------------------------------------- */

static void off(const void *argument)
{
	(void)argument;
	begin();
	history_boot(0);
	CHECK(!history_on());
	CHECK(!history_records());
	CHECK(history_lost() == 0);
}

static void one_block(const void *size)
{
	uint64_t before, after;
	struct vmatlas_freed freed;
	void *block;

	begin();
	history_boot(LENGTH);
	CHECK(history_on() && history_length == LENGTH);
	CHECK(lane_count(history_records()) == LENGTH);
	block = allocate(*(const size_t *)size);
	CHECK(!last(block, &freed));
	before = clock_ticks();
	release(block, VMATLAS_RELEASE_REALLOC);
	after = clock_ticks();
	CHECK(last(block, &freed));
	CHECK(freed.address == (uintptr_t)block && freed.size == *(const size_t *)size);
	CHECK(freed.thread == thread_attach()->id && freed.freed_thread == thread_attach()->id);
	CHECK(freed.freed >= before && freed.freed <= after && freed.made <= freed.freed);
	CHECK(freed.call == 0 && freed.release == VMATLAS_RELEASE_REALLOC);
	/* Both were called from here, at different places. */
	CHECK(pc_of(freed.frame) && pc_of(freed.freed_frame));
	CHECK(freed.frame != freed.freed_frame);
	CHECK(pc_of(freed.freed_frame) > pc_of(freed.frame));
	CHECK(pc_of(freed.freed_frame) - pc_of(freed.frame) < 4096);
}

static void more_than_it_holds(const void *argument)
{
	static void *block[3 * LENGTH];
	struct vmatlas_freed freed;
	uint32_t whole = 0;

	(void)argument;
	begin();
	history_boot(LENGTH);
	/* At once, so that no address comes again. */
	for (int i = 0; i < 3 * LENGTH; i++)
		block[i] = allocate(64);
	for (int i = 0; i < 2 * LENGTH + 7; i++)
		release(block[i], VMATLAS_RELEASE_FREE);
	for (int i = 0; i < 3 * LENGTH; i++)
		CHECK(last(block[i], &freed) == (i >= LENGTH + 7 && i < 2 * LENGTH + 7));
	for (uint32_t id = 1; id <= LENGTH; id++)
		whole += freed_read(lane_get(history_records(), id), &freed);
	CHECK(whole == LENGTH);
	CHECK(history_lost() == 0);
}

static void never_seen(const void *argument)
{
	struct table_taken taken = {.address = 0x1000};
	struct history_release how = {NULL, NULL, 1, VMATLAS_RELEASE_FREE};
	struct vmatlas_freed freed;

	(void)argument;
	begin();
	history_boot(LENGTH);
	history_block(&how, &taken);
	CHECK(!last((void *)0x1000, &freed));
}

/* In a handler that has interrupted the tables there is no thread, and nobody is asked who. */
static void by_nobody(const void *argument)
{
	struct history_release how = {NULL, NULL, 77, VMATLAS_RELEASE_FREE};
	struct table_taken taken;
	struct vmatlas_freed freed;
	void *block;

	(void)argument;
	begin();
	history_boot(LENGTH);
	block = allocate(100);
	track_take(block, &taken);
	history_block(&how, &taken);
	CHECK(last(block, &freed));
	CHECK(freed.freed == 77 && !freed.freed_thread && !freed.freed_frame && freed.frame);
}

static void regions(const void *argument)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct regions_undo undo = {.count = 0};
	struct vmatlas_region region = {.start = 0x10000,
		.end = 0x30000,
		.time = 5,
		.frame = 3,
		.thread = 2,
		.call = VMATLAS_CALL_MMAP};
	struct history_release how = {NULL, &at, 9, VMATLAS_RELEASE_MUNMAP};
	struct vmatlas_freed freed;

	(void)argument;
	begin();
	history_boot(LENGTH);
	how.thread = thread_attach();
	regions_put(&region);
	regions_cut(0x20000, 0x40000, &undo);
	history_regions(&how, &undo);
	CHECK(last((void *)0x20000, &freed));
	CHECK(freed.address == 0x20000 && freed.size == 0x10000);
	CHECK(freed.made == 5 && freed.frame == 3 && freed.thread == 2);
	CHECK(freed.call == VMATLAS_CALL_MMAP && freed.release == VMATLAS_RELEASE_MUNMAP);
	CHECK(freed.freed == 9 && freed.freed_frame);
	CHECK(!last((void *)0x1ffff, &freed) && !last((void *)0x30000, &freed));
}

/* -- Many at once --------------------------------------------------------------------------- */

/* Each record says the same thing in all its fields, so that a mixture is noticed. */
static void *releasing(void *argument)
{
	uint64_t own = (uintptr_t)argument << 32;

	for (uint64_t i = 1; i <= ROUNDS; i++) {
		struct history_release how = {NULL, NULL, own + i, VMATLAS_RELEASE_MUNMAP};
		struct regions_undo undo = {.count = 1};

		undo.piece[0] = (struct vmatlas_region){.start = own + i,
			.end = 2 * (own + i),
			.time = own + i,
			.frame = (uint32_t)i,
			.thread = (uint32_t)i};
		history_regions(&how, &undo);
	}
	return NULL;
}

static uint64_t check_records(void)
{
	struct vmatlas_freed freed;
	uint64_t whole = 0;

	for (uint32_t id = 1; id <= history_length; id++) {
		if (!freed_read(lane_get(history_records(), id), &freed))
			continue;
		whole++;
		CHECK(freed.address == freed.size && freed.address == freed.made);
		CHECK(freed.address == freed.freed && freed.frame == freed.thread);
		CHECK((uint32_t)freed.address == freed.frame);
		CHECK((freed.sequence / 2 - 1) % history_length == id - 1);
	}
	return whole;
}

static void many(const void *length)
{
	pthread_t thread[THREADS];

	begin();
	history_boot(*(const uint32_t *)length);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, releasing, (void *)(i + 1));
	for (int i = 0; i < 2000; i++)
		check_records();
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	CHECK(check_records() == history_length);
	/* Who was overtaken has said so, and nearly nobody was. */
	CHECK(history_lost() < THREADS * ROUNDS / 10 || history_length < THREADS);
}

/* A record that the parent's other thread was writing: its place serves no more, all others do. */
static void after_a_fork(const void *argument)
{
	struct vmatlas_freed freed, *stuck;
	struct history_release how = {NULL, NULL, 1, VMATLAS_RELEASE_MUNMAP};
	struct regions_undo undo = {.count = 1, .piece = {{.start = 0x1000, .end = 0x2000}}};
	uint32_t whole = 0;

	(void)argument;
	begin();
	history_boot(LENGTH);
	stuck = lane_get(history_records(), 40);
	stuck->sequence = 2 * 40 + 1;
	for (int i = 0; i < 3 * LENGTH; i++)
		history_regions(&how, &undo);
	for (uint32_t id = 1; id <= LENGTH; id++)
		whole += freed_read(lane_get(history_records(), id), &freed);
	CHECK(whole == LENGTH - 1);
	CHECK(history_lost() == 3);
}

/* -- The tests ------------------------------------------------------------------------------ */

static void without_a_length_nothing_is_kept(void **state)
{
	(void)state;
	assert_int_equal(apart(off, NULL), 0);
}

static void a_freed_block_has_two_ends(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 16382, 16383, 1 << 20};

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		assert_int_equal(apart(one_block, &sizes[i]), 0);
}

static void the_last_ones_are_kept(void **state)
{
	(void)state;
	assert_int_equal(apart(more_than_it_holds, NULL), 0);
}

static void what_was_never_seen_is_not_kept(void **state)
{
	(void)state;
	assert_int_equal(apart(never_seen, NULL), 0);
}

static void a_caller_without_a_thread_is_nobody(void **state)
{
	(void)state;
	assert_int_equal(apart(by_nobody, NULL), 0);
}

static void the_pieces_of_regions_are_kept(void **state)
{
	(void)state;
	assert_int_equal(apart(regions, NULL), 0);
}

static void readers_see_whole_records_while_many_write(void **state)
{
	static const uint32_t lengths[] = {1, 2, 7, LENGTH, 5000};

	(void)state;
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		assert_int_equal(apart(many, &lengths[i]), 0);
}

static void a_record_without_its_writer_costs_its_place_alone(void **state)
{
	(void)state;
	assert_int_equal(apart(after_a_fork, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_length_nothing_is_kept),
		cmocka_unit_test(a_freed_block_has_two_ends),
		cmocka_unit_test(the_last_ones_are_kept),
		cmocka_unit_test(what_was_never_seen_is_not_kept),
		cmocka_unit_test(a_caller_without_a_thread_is_nobody),
		cmocka_unit_test(the_pieces_of_regions_are_kept),
		cmocka_unit_test(readers_see_whole_records_while_many_write),
		cmocka_unit_test(a_record_without_its_writer_costs_its_place_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
