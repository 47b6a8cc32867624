/* test_blocks_before.c - the block that an address lies in, against an oracle that looks at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "blocks_before.h"
#include "dice.h"
#include "table.h"

/* Blocks lie this far apart at least, and over several leaves of the table. */
enum { PLACES = 300, QUESTIONS = 20000 };
#define BASE 0x555500000000ull
#define SPAN (20ull << 20)

static struct vmatlas_moment moment[1] = {{1000, 1, 1}};
static struct lane moments;
static struct bigs_stock stock;

static struct place {
	uint64_t address, size;
} place[PLACES];

static int compare(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

static void put(uint64_t address, uint64_t size)
{
	struct table_birth birth = {
		.address = address, .size = size, .time = 1000, .origin = 1, .moment = 1};
	struct table_taken replaced;

	birth.mapping = birth.thread = 1;
	assert_true(table_put(&stock, &birth, &replaced));
	assert_int_equal(replaced.word, 0);
}

/* Half of them stand alone, half share the 32 bytes of their window. */
static void fill(struct dice *dice)
{
	for (unsigned i = 0; i < PLACES; i++) {
		uint64_t at = BASE + dice_below(dice, SPAN) / 64 * 64;

		place[i].address =
			i % 2 ? place[i - 1].address + 8 * (1 + dice_below(dice, 3)) : at;
	}
	qsort(place, PLACES, sizeof place[0], compare);
	for (unsigned i = 0; i < PLACES; i++) {
		uint64_t room = i + 1 < PLACES ? place[i + 1].address - place[i].address : 5000;

		place[i].size = dice_below(dice, (room < 70000 ? room : 70000) + 1);
		put(place[i].address, place[i].size);
	}
}

static const struct place *last_before(uint64_t address, uint64_t floor)
{
	const struct place *last = NULL;

	for (unsigned i = 0; i < PLACES && place[i].address <= address; i++)
		last = &place[i];
	return last && last->address >= floor ? last : NULL;
}

static bool holds(const struct place *last, uint64_t address)
{
	return last && (last->address == address || address - last->address < last->size);
}

static void ask(uint64_t address, uint64_t floor)
{
	struct blocks_tables tables = {.moments = &moments, .bigs = table_bigs()};
	const struct place *want = last_before(address, floor);
	struct block block = {0};

	assert_int_equal(
		blocks_before(table_blocks(), &tables, address, floor, &block), want != NULL);
	if (want) {
		assert_int_equal(block.address, want->address);
		assert_int_equal(block.size, want->size);
	}
	assert_int_equal(blocks_holding(table_blocks(), &tables, address, floor, &block),
		holds(want, address));
}

static void every_address_finds_its_block(void **state)
{
	struct dice dice = {.state = 11};

	(void)state;
	for (unsigned i = 0; i < QUESTIONS; i++)
		ask(BASE + dice_below(&dice, SPAN + 100000), BASE);
	for (unsigned i = 0; i < PLACES; i++) {
		ask(place[i].address, BASE);
		ask(place[i].address - 1, BASE);
		ask(place[i].address + place[i].size, BASE);
		ask(place[i].address + place[i].size / 2, BASE);
	}
}

static void what_starts_before_the_floor_is_not_found(void **state)
{
	(void)state;
	for (unsigned i = 1; i < PLACES; i++) {
		ask(place[i].address, place[i].address);
		ask(place[i].address, place[i].address + 1);
		ask(place[i].address - 1, place[i].address - 1);
	}
}

static void the_ends_of_all_addresses_are_answered(void **state)
{
	(void)state;
	ask(0, 0);
	ask(BASE - 1, BASE - (1ull << 30));
	ask(UINT64_MAX, UINT64_MAX - 4096);
	ask((1ull << 47) - 1, (1ull << 47) - (1ull << 34));
}

static int set_up(void **state)
{
	struct dice dice = {.state = 7};

	(void)state;
	lane_over(&moments, moment, 1, sizeof moment[0]);
	table_boot(false, false);
	fill(&dice);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_finds_its_block),
		cmocka_unit_test(what_starts_before_the_floor_is_not_found),
		cmocka_unit_test(the_ends_of_all_addresses_are_answered),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
