/* Threads come and go by the hundred, each with blocks of its own and some that another made, while
 * one adds up what all have done.
 *
 * Totals must only grow, agree with the table in the end, and need few slots. Prints "ok" or what
 * went wrong; exit status 1 then. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/dice.h"
#include "clock.h"
#include "lock.h"
#include "process.h"
#include "thread.h"
#include "track.h"

#include "core/seal.h"

enum { GENERATIONS = 150, TOGETHER = 8, ROUNDS = 300, SHARED = 64 };

/* The allocator of ThreadSanitizer puts small blocks 16 bytes apart. */
#ifdef __SANITIZE_THREAD__
#define APART false
#else
#define APART true
#endif

/* Blocks on their way from one thread to another. */
static _Atomic(void *) shared[SHARED];
static _Atomic uint64_t made, made_bytes, freed;
static _Atomic uint32_t highest_slot;
static _Atomic bool done;
static _Atomic unsigned wrong;

static void complain(const char *what, uint64_t figure)
{
	if (wrong++ < 10)
		printf("%s: %llu\n", what, (unsigned long long)figure);
}

static void *allocate(struct thread *thread, size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	void *block = malloc(size);

	track_alloc(thread, block, size, &at);
	made++;
	made_bytes += size;
	return block;
}

static void release(struct thread *thread, void *block)
{
	struct table_taken taken;

	if (!block)
		return;
	track_take(block, &taken);
	if (!taken.word)
		complain("a block that nobody knows", (uintptr_t)block);
	free(block);
	track_freed(thread, &taken);
	freed++;
}

static void *live(void *seed)
{
	struct dice dice = {(uintptr_t)seed * 0x9e3779b97f4a7c15u};
	struct thread *thread = thread_attach();

	guard_close((uintptr_t)__builtin_frame_address(0) + 1024);
	if (thread->slot > highest_slot)
		highest_slot = thread->slot;
	for (int i = 0; i < ROUNDS; i++) {
		size_t size = dice_below(&dice, 8) ? dice_below(&dice, 2000) : 20000;
		void *block = allocate(thread, size);

		release(thread, atomic_exchange(&shared[dice_below(&dice, SHARED)], block));
	}
	thread_leave(thread);
	return NULL;
}

static void *add_up(void *readings)
{
	struct thread_totals last = {0}, now;

	while (!done) {
		now = thread_totals();
		if (now.allocations < last.allocations || now.freed_bytes < last.freed_bytes)
			complain("a total that shrank", now.allocations);
		last = now;
		++*(unsigned *)readings;
	}
	return NULL;
}

static uint64_t count_table(uint64_t *bytes)
{
	struct blocks_tables tables = {.moments = track_moments(), .bigs = table_bigs()};
	struct blocks_cursor cursor;
	struct block block;
	uint64_t count = 0;

	blocks_begin(&cursor, table_blocks(), &tables);
	for (*bytes = 0; blocks_next(&cursor, &block); count++)
		*bytes += block.size;
	return count;
}

static void generation(uintptr_t first)
{
	pthread_t thread[TOGETHER];

	for (uintptr_t i = 0; i < TOGETHER; i++)
		pthread_create(&thread[i], NULL, live, (void *)(first * TOGETHER + i + 1));
	for (int i = 0; i < TOGETHER; i++)
		pthread_join(thread[i], NULL);
}

/* What all slots have told of, and what they have not yet. */
static int64_t live_bytes(void)
{
	int64_t bytes = thread_live_bytes()[0];

	for (uint32_t slot = 1; slot <= lane_count(thread_slots()); slot++) {
		const _Atomic uint64_t *sealed = lane_get(thread_slots(), slot);
		const struct thread *thread = unseal(*sealed);

		bytes += thread->unsettled;
	}
	return bytes;
}

static void compare(void)
{
	struct thread_totals totals = thread_totals();
	uint64_t bytes, blocks = count_table(&bytes);

	if (totals.allocations != made || totals.allocated_bytes != made_bytes)
		complain("allocations", totals.allocations);
	if (totals.frees != freed || totals.unknown_frees || totals.replaced)
		complain("frees", totals.frees);
	if (blocks != made - freed || bytes != totals.allocated_bytes - totals.freed_bytes)
		complain("blocks in the table", blocks);
	if (live_bytes() != (int64_t)bytes)
		complain("live bytes", (uint64_t)live_bytes());
	if (highest_slot > 4 * TOGETHER)
		complain("slots", highest_slot);
}

int main(void)
{
	unsigned readings = 0;
	pthread_t reader;

	lock_boot();
	clock_boot();
	mappings_boot();
	table_boot(APART, false);
	track_boot();
	process_boot();
	pthread_create(&reader, NULL, add_up, &readings);
	for (uintptr_t i = 0; i < GENERATIONS; i++)
		generation(i);
	done = true;
	pthread_join(reader, NULL);
	compare();
	printf("%d threads in %u slots, %llu blocks, %u readings\n", GENERATIONS * TOGETHER,
		highest_slot, (unsigned long long)made, readings);
	puts(wrong ? "wrong" : "ok");
	return wrong != 0;
}
