/* Many threads put and take blocks beside each other, one reads all of them again and again.
 *
 * Each address has one owner at a time, as with an allocator, but not always the same: a block is
 * often taken by another thread than the one that put it. Every eighth block stays for ever and
 * must be in each reading exactly once. Prints "ok" or what went wrong; exit status 1 then. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/dice.h"
#include "table.h"

enum { WRITERS = 4, PLACES = 4096, STABLE = 8, ROUNDS = 300000, SMALL = 100 };
#define BASE 0x7e0000000000ull
#define BIG ((uint64_t)1 << 20)

struct place {
	_Atomic uint32_t owned;
	bool live; /* by the owner alone */
};

static struct place place[PLACES];
static unsigned spacing;
static struct vmatlas_moment moment[1] = {{1000, 7, 5}};
static struct lane moments;
static _Atomic bool done;
/* A lock is not waited for without end: on a machine that is busy with other things a block may
 * stay in the table, or be missing there, and is counted as lost. */
static _Atomic unsigned wrong, missed;

static void complain(const char *what, uint64_t address)
{
	if (wrong++ < 10)
		printf("%s: %#llx\n", what, (unsigned long long)address);
}

static uint64_t address_of(unsigned number)
{
	return BASE + (uint64_t)number * spacing;
}

static bool is_stable(unsigned number)
{
	return number % STABLE == 0;
}

/* Every block says by its origin where it is: a record that serves another by now is found out. */
static uint32_t origin_of(uint64_t address)
{
	return (uint32_t)(address >> 3 & 0xffffff);
}

static struct table_birth birth_at(uint64_t address, bool big)
{
	return (struct table_birth){.address = address,
		.size = big ? BIG : SMALL,
		.time = 1000,
		.origin = origin_of(address),
		.moment = 1,
		.mapping = 7,
		.thread = 5};
}

static void put(struct bigs_stock *stock, uint64_t address, bool big)
{
	struct table_birth birth = birth_at(address, big);
	struct table_taken replaced;

	if (!table_put(stock, &birth, &replaced))
		missed++;
	if (replaced.word)
		complain("replaced what was not there", address);
}

static void take(struct bigs_stock *stock, uint64_t address, unsigned luck, bool *live)
{
	struct table_taken taken;

	table_take(address, &taken);
	if (!taken.word) {
		missed++;
		return;
	}
	if (taken.address != address || (taken.size != SMALL && taken.size != BIG))
		complain("taken for another", address);
	if (luck == 0) {
		table_put_back(&taken);
		return;
	}
	table_forget(luck == 1 ? NULL : stock, &taken);
	*live = false;
}

static void turn(struct bigs_stock *stock, struct dice *dice, unsigned number)
{
	if (place[number].live) {
		take(stock, address_of(number), (unsigned)dice_below(dice, 5), &place[number].live);
	} else {
		put(stock, address_of(number), dice_below(dice, 3) == 0);
		place[number].live = true;
	}
}

static void *write_blocks(void *seed)
{
	struct dice dice = {(uintptr_t)seed * 0x9e3779b97f4a7c15u};
	struct bigs_stock stock = {0, 0};

	for (int i = 0; i < ROUNDS; i++) {
		unsigned number = (unsigned)dice_below(&dice, PLACES);
		uint32_t free = 0;

		if (is_stable(number) ||
			!atomic_compare_exchange_strong(&place[number].owned, &free, 1))
			continue;
		turn(&stock, &dice, number);
		atomic_store(&place[number].owned, 0);
	}
	bigs_leave(&stock);
	return NULL;
}

static void check(const struct block *block, uint64_t last)
{
	if (block->address <= last)
		complain("twice, or out of order", block->address);
	if (block->origin != origin_of(block->address) || block->mapping != 7 ||
		block->thread != 5 || block->time != 1000)
		complain("another block's figures", block->address);
	if (block->size != SMALL && block->size != BIG)
		complain("a size that nobody asked for", block->address);
}

/* How many stable blocks, and whether every one of the oracle's, when it holds still. */
static unsigned read_all(unsigned *all)
{
	struct blocks_tables tables = {.moments = &moments, .bigs = table_bigs()};
	struct blocks_cursor cursor;
	struct block block;
	uint64_t last = 0;
	unsigned stable = 0;

	blocks_begin(&cursor, table_blocks(), &tables);
	for (*all = 0; blocks_next(&cursor, &block); last = block.address, (*all)++) {
		check(&block, last);
		stable += is_stable((unsigned)((block.address - BASE) / spacing));
	}
	if (cursor.damaged)
		complain("damaged words", cursor.damaged);
	return stable;
}

static void *read_blocks(void *count)
{
	unsigned all;

	while (!done) {
		if (read_all(&all) != PLACES / STABLE)
			complain("stable blocks missing", 0);
		++*(unsigned *)count;
	}
	return NULL;
}

static unsigned live_places(void)
{
	unsigned live = 0;

	for (unsigned i = 0; i < PLACES; i++)
		live += place[i].live;
	return live;
}

/* Figures that a lock which was given up makes wrong. */
static void judge(unsigned all)
{
	if (table_lost()) {
		printf("busy machine: %llu locks were not had\n", (unsigned long long)table_lost());
		return;
	}
	if (missed)
		complain("not there", missed);
	if (all != live_places())
		complain("blocks missing at the end", all);
}

static void storm(void)
{
	pthread_t writer[WRITERS], reader;
	unsigned readings = 0, all;

	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&writer[i], NULL, write_blocks, (void *)(i + 1));
	pthread_create(&reader, NULL, read_blocks, &readings);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	done = true;
	pthread_join(reader, NULL);
	read_all(&all);
	judge(all);
	if (lane_count(table_bigs()) > PLACES + WRITERS * 64)
		complain("records lost", lane_count(table_bigs()));
	printf("%u bytes apart: %u readings, %u blocks, %u records\n", spacing, readings, all,
		lane_count(table_bigs()));
}

int main(int argc, char **argv)
{
	struct bigs_stock stock = {0, 0};

	spacing = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
	lane_over(&moments, moment, 1, sizeof moment[0]);
	table_boot(spacing >= 32, false);
	for (unsigned i = 0; i < PLACES; i += STABLE) {
		place[i].live = true;
		put(&stock, address_of(i), i % 3 == 0);
	}
	storm();
	puts(wrong ? "wrong" : "ok");
	return wrong != 0;
}
