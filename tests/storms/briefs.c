/* Many threads put and take blocks where call stacks are sampled: most have briefs, some words, a
 * few records, and one place has now this, now that.
 *
 * As in quick.h and track.h: each thread looks at leaves by itself, puts a brief where it can, else
 * what else will do, and takes what it finds. Blocks lie at either half of a window, across two
 * leaves; which half is chosen anew with each block. Every eighth stays for ever and must be in
 * each reading exactly once. Prints "ok" or what went wrong; exit status 1 then. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../unit/dice.h"
#include "table.h"

enum { WRITERS = 4, PLACES = 8192, STABLE = 8, ROUNDS = 400000, SMALL = 16000 };
enum { THREAD_BRIEF = 0, THREAD_SAMPLED = 5, MOMENT_BRIEF = 1, MOMENT_SAMPLED = 2 };
#define WINDOW 32
#define BIG ((uint64_t)1 << 20)
/* So that half of the places are in one leaf, half in the next. */
#define BASE (0x7e0000400000ull - (uint64_t)PLACES / 2 * WINDOW)

enum kind { BRIEF, WORD, RECORD };

struct place {
	_Atomic uint32_t owned;
	/* By the owner alone. */
	uint64_t live; /* the block's address, 0 for none */
	uint64_t size;
};

struct writer {
	struct dice dice;
	struct bigs_stock stock;
	struct table_near near;
};

static struct place place[PLACES];
static struct vmatlas_moment moment[] = {{0, 0, THREAD_BRIEF}, {1000, 7, THREAD_SAMPLED}};
static struct lane moments;
static _Atomic bool done;
/* As in blocks.c: locks that were not had. */
static _Atomic unsigned wrong, missed;
static _Atomic unsigned put_as[RECORD + 1];

static void complain(const char *what, uint64_t address)
{
	if (wrong++ < 10)
		printf("%s: %#llx\n", what, (unsigned long long)address);
}

static bool is_stable(uint64_t address)
{
	return (address - BASE) / WINDOW % STABLE == 0;
}

/* Every block says by its size where it is; every one that is no brief by its origin, too. */
static uint64_t size_of(uint64_t address, enum kind kind)
{
	return (kind == RECORD ? BIG : 0) + address / 16 % SMALL;
}

static uint32_t origin_of(uint64_t address)
{
	return (uint32_t)(address >> 3 & 0xffffff);
}

/* -- Writers -------------------------------------------------------------------------------- */

static bool put_brief(struct writer *writer, uint64_t address)
{
	uint64_t size = size_of(address, BRIEF);

	return table_put_brief(&writer->near, address, size) ||
	       table_put_brief_anew(&writer->near, address, size);
}

static bool put_word(struct writer *writer, uint64_t address, enum kind kind)
{
	struct table_birth birth = {.address = address,
		.size = size_of(address, kind),
		.time = 1000,
		.origin = origin_of(address),
		.moment = kind == WORD ? MOMENT_SAMPLED : 0,
		.mapping = 7,
		.thread = THREAD_SAMPLED};
	struct table_taken stale;
	bool kept;

	if (table_take_stale_brief(address, &stale))
		complain("a brief where no block is", address);
	if (kind == WORD &&
		table_put_small(&writer->near, address, birth.size, birth.origin, MOMENT_SAMPLED))
		return true;
	kept = table_put(&writer->stock, &birth, &stale);
	if (stale.word)
		complain("replaced what was not there", address);
	return kept;
}

static void put(struct writer *writer, struct place *at, uint64_t address)
{
	unsigned luck = (unsigned)dice_below(&writer->dice, 8);
	enum kind kind = luck < 5 ? BRIEF : luck < 7 ? WORD : RECORD;

	if (kind == BRIEF ? !put_brief(writer, address) : !put_word(writer, address, kind))
		missed++;
	put_as[kind]++;
	at->live = address;
	at->size = size_of(address, kind);
}

/* realloc that fails, and free. */
static void take_slowly(struct writer *writer, struct place *at)
{
	struct table_taken taken;

	table_take(at->live, &taken);
	if (!taken.word) {
		missed++;
		return;
	}
	if (taken.address != at->live || taken.size != at->size)
		complain("taken for another", at->live);
	if (dice_below(&writer->dice, 4) == 0) {
		table_put_back(&taken);
		return;
	}
	table_forget(&writer->stock, &taken);
	at->live = 0;
}

static void take(struct writer *writer, struct place *at)
{
	bool quickly = dice_below(&writer->dice, 4) != 0;
	uint16_t brief = quickly ? table_take_brief(&writer->near, at->live) : 0;
	uint64_t word = quickly && !brief ? table_take_small(&writer->near, at->live) : 0;

	if (!brief && !word) {
		take_slowly(writer, at);
		return;
	}
	if ((brief ? VMATLAS_BRIEF_SIZE(brief) : VMATLAS_WORD_SIZE(word)) != at->size)
		complain("another's size", at->live);
	if (table_take_brief(&writer->near, at->live) || table_take_small(&writer->near, at->live))
		complain("taken twice", at->live);
	at->live = 0;
}

static void *write_blocks(void *seed)
{
	struct writer writer = {.dice = {(uintptr_t)seed * 0x9e3779b97f4a7c15u}};

	for (int i = 0; i < ROUNDS; i++) {
		unsigned number = (unsigned)dice_below(&writer.dice, PLACES);
		uint64_t half = 16 * dice_below(&writer.dice, 2);
		uint32_t free = 0;

		if (number % STABLE == 0 ||
			!atomic_compare_exchange_strong(&place[number].owned, &free, 1))
			continue;
		if (place[number].live)
			take(&writer, &place[number]);
		else
			put(&writer, &place[number], BASE + number * WINDOW + half);
		atomic_store(&place[number].owned, 0);
	}
	bigs_leave(&writer.stock);
	return NULL;
}

/* -- A reader ------------------------------------------------------------------------------- */

static bool is_brief(const struct block *block)
{
	return block->origin == 0 && block->mapping == 0 && block->time == 0 &&
	       block->thread == THREAD_BRIEF && block->size == size_of(block->address, BRIEF);
}

static bool is_other(const struct block *block)
{
	return block->origin == origin_of(block->address) && block->mapping == 7 &&
	       block->time == 1000 && block->thread == THREAD_SAMPLED &&
	       (block->size == size_of(block->address, WORD) ||
		       block->size == size_of(block->address, RECORD));
}

static void check(const struct block *block, uint64_t last)
{
	if (blocks_window(block->address) <= blocks_window(last))
		complain("two in a window, or out of order", block->address);
	if (!is_brief(block) && !is_other(block))
		complain("another block's figures", block->address);
}

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
		stable += is_stable(block.address);
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

/* -- The storm ------------------------------------------------------------------------------ */

static void judge(unsigned all)
{
	unsigned live = 0;

	for (unsigned i = 0; i < PLACES; i++)
		live += place[i].live != 0;
	if (table_lost()) {
		printf("busy machine: %llu locks were not had\n", (unsigned long long)table_lost());
		return;
	}
	if (missed)
		complain("not there", missed);
	if (all != live)
		complain("blocks missing at the end", all);
	if (lane_count(table_bigs()) > PLACES + WRITERS * 64)
		complain("records lost", lane_count(table_bigs()));
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
	printf("%u readings, %u blocks; put as briefs %u, words %u, records %u\n", readings, all,
		put_as[BRIEF], put_as[WORD], put_as[RECORD]);
}

int main(void)
{
	struct writer first = {.dice = {1}};

	lane_over(&moments, moment, 2, sizeof moment[0]);
	table_boot(true, true);
	if (!table_begin_briefs(MOMENT_BRIEF))
		complain("no briefs", 0);
	for (unsigned i = 0; i < PLACES; i += STABLE)
		put(&first, &place[i], BASE + i * WINDOW + i % 16 * 2);
	storm();
	puts(wrong ? "wrong" : "ok");
	return wrong != 0;
}
