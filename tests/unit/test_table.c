#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "process.h"
#include "store.h"
#include "table.h"

enum { PLACES = 512, STEPS = 60000, MOMENTS = 1000, ORIGINS = (1 << 24) - 1, BRIEF_MOMENT = 9 };

static struct vmatlas_moment moment[MOMENTS];
static struct lane moments;
static struct bigs_stock stock;
static struct table_near near;

/* The oracle: the block at each place, word 0 of `birth` never used; `live` says whether there is
 * one. */
struct entry {
	bool live;
	struct table_birth birth;
};

struct model {
	uint64_t base;
	unsigned spacing; /* bytes between two places */
	bool briefs;      /* some blocks have one */
	struct entry entry[PLACES];
};

static int set_up(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MOMENTS; i++)
		moment[i] = (struct vmatlas_moment){1000 + i, i % 7, i % 5};
	lane_over(&moments, moment, MOMENTS, sizeof moment[0]);
	return 0;
}

static uint64_t random_size(struct dice *dice)
{
	static const uint64_t edges[] = {
		0, 1, 16381, 16382, 16383, 16384, 65536, (uint64_t)1 << 39};

	return dice_below(dice, 3) ? dice_below(dice, 3000)
				   : edges[dice_below(dice, sizeof edges / sizeof edges[0])];
}

/* A small block's time, mapping and thread are its moment's; a large block's are its own. */
static struct table_birth random_birth(struct dice *dice, uint64_t address)
{
	struct table_birth birth = {
		.address = address,
		.size = random_size(dice),
		.origin = (uint32_t)dice_below(dice, ORIGINS),
		.moment = (uint32_t)dice_below(dice, MOMENTS + 1),
	};
	const struct vmatlas_moment *when = birth.moment ? &moment[birth.moment - 1] : NULL;

	birth.time = when ? when->time : dice_roll(dice);
	birth.mapping = when ? when->mapping : 77;
	birth.thread = when ? when->thread : 88;
	return birth;
}

static uint64_t address_of(const struct model *model, unsigned place)
{
	return model->base + (uint64_t)place * model->spacing;
}

static void assert_block(const struct block *block, const struct table_birth *birth)
{
	assert_int_equal(block->address, birth->address);
	assert_int_equal(block->size, birth->size);
	assert_int_equal(block->time, birth->time);
	assert_int_equal(block->origin, birth->origin);
	assert_int_equal(block->mapping, birth->mapping);
	assert_int_equal(block->thread, birth->thread);
}

/* The cursor gives the oracle's blocks, all of them, in order, and no others of this range. */
static void assert_read_back(const struct model *model)
{
	struct blocks_tables tables = {.moments = &moments, .bigs = table_bigs()};
	struct blocks_cursor cursor;
	struct block block;
	unsigned place = 0;

	blocks_begin(&cursor, table_blocks(), &tables);
	blocks_seek(&cursor, model->base); /* other leaves may have other planes */
	while (blocks_next(&cursor, &block) && block.address < address_of(model, PLACES)) {
		while (place < PLACES && !model->entry[place].live)
			place++;
		assert_in_range(place, 0, PLACES - 1);
		assert_block(&block, &model->entry[place++].birth);
	}
	while (place < PLACES)
		assert_false(model->entry[place++].live);
	assert_int_equal(cursor.damaged, 0);
}

static void assert_found(const struct model *model, unsigned place)
{
	struct blocks_tables tables = {.moments = &moments, .bigs = table_bigs()};
	struct block block;
	bool found = blocks_find(table_blocks(), &tables, address_of(model, place), &block);

	assert_int_equal(found, model->entry[place].live);
	if (found)
		assert_block(&block, &model->entry[place].birth);
}

static void assert_taken(const struct table_taken *taken, const struct entry *entry)
{
	assert_int_equal(taken->word != 0, entry->live);
	if (!entry->live)
		return;
	assert_int_equal(taken->address, entry->birth.address);
	assert_int_equal(taken->size, entry->birth.size);
}

/* A block of which nothing is known but its size; false where one stands already. */
static bool put_brief(struct model *model, struct dice *dice, unsigned place)
{
	const struct vmatlas_moment *when = &moment[BRIEF_MOMENT - 1];
	struct table_birth birth = {.address = address_of(model, place),
		.size = dice_below(dice, VMATLAS_SIZE_BIG),
		.moment = BRIEF_MOMENT,
		.time = when->time,
		.mapping = when->mapping,
		.thread = when->thread};
	struct entry *entry = &model->entry[place];
	bool done = (dice_below(dice, 2) && table_put_brief(&near, birth.address, birth.size)) ||
		    table_put_brief_anew(&near, birth.address, birth.size);

	assert_int_equal(done, !entry->live);
	if (done)
		*entry = (struct entry){true, birth};
	return done;
}

static void put(struct model *model, struct dice *dice, unsigned place)
{
	struct entry *entry = &model->entry[place];
	struct table_birth birth = random_birth(dice, address_of(model, place));
	struct table_taken replaced;

	if (model->briefs && dice_below(dice, 4) && put_brief(model, dice, place))
		return;
	assert_true(table_put(&stock, &birth, &replaced));
	assert_taken(&replaced, entry);
	*entry = (struct entry){true, birth};
}

static void take(struct model *model, unsigned place, bool back, bool elsewhere)
{
	struct entry *entry = &model->entry[place];
	struct table_taken taken;
	uint16_t brief;

	if (model->briefs && !back && (brief = table_take_brief(&near, entry->birth.address))) {
		assert_true(entry->live && entry->birth.size == VMATLAS_BRIEF_SIZE(brief));
		entry->live = false;
		return;
	}
	table_take(address_of(model, place), &taken);
	assert_taken(&taken, entry);
	if (back) {
		table_put_back(&taken);
		return;
	}
	table_forget(elsewhere ? NULL : &stock, &taken);
	entry->live = false;
}

/* Takes out, lets a neighbour come or go, and puts back. */
static void take_while_others_come(struct model *model, struct dice *dice, unsigned place)
{
	unsigned neighbour = place ^ (unsigned)dice_below(dice, 4);
	struct table_taken taken;

	if (neighbour == place)
		return;
	table_take(address_of(model, place), &taken);
	if (dice_below(dice, 2))
		put(model, dice, neighbour);
	else
		take(model, neighbour, false, false);
	table_put_back(&taken);
}

static void step(struct model *model, struct dice *dice)
{
	unsigned place = (unsigned)dice_below(dice, PLACES);

	switch (dice_below(dice, 6)) {
	case 0:
	case 1:
	case 2:
		put(model, dice, place);
		break;
	case 3:
		take(model, place, false, dice_below(dice, 8) == 0);
		break;
	case 4:
		take(model, place, true, false);
		break;
	default:
		take_while_others_come(model, dice, place);
	}
	assert_found(model, (unsigned)dice_below(dice, PLACES));
}

static void play(struct model *model)
{
	struct dice dice = {model->base | 1};

	for (int i = 0; i < STEPS; i++) {
		step(model, &dice);
		if (i % 64 == 0)
			assert_read_back(model);
	}
	assert_int_equal(table_lost(), 0);
}

static void blocks_with_a_word_each_are_as_in_a_dictionary(void **state)
{
	static struct model model = {.base = 0x7f0000000010, .spacing = 32};

	(void)state;
	table_boot(true, false);
	play(&model);
}

static void blocks_that_share_windows_are_as_in_a_dictionary(void **state)
{
	static struct model model = {.base = 0x7e0000000000, .spacing = 8};

	(void)state;
	table_boot(false, false);
	play(&model);
}

static void briefs_and_words_are_as_in_a_dictionary(void **state)
{
	static struct model model = {.base = 0x790000000010, .spacing = 32, .briefs = true};

	(void)state;
	assert_false(table_begin_briefs(BRIEF_MOMENT)); /* leaves have no room */
	table_boot(true, true);
	assert_false(table_begin_briefs(0));
	assert_true(table_begin_briefs(BRIEF_MOMENT));
	play(&model);
	table_boot(true, false);
}

/* What cannot have a brief, and what stands where one is to be. */
static void a_brief_is_for_small_blocks_in_free_windows(void **state)
{
	const uint64_t address = 0x780000000000;
	struct table_birth birth = {address, 100, 5, 3, 4, 0, 0};
	struct table_taken taken;

	(void)state;
	assert_false(table_put_brief_anew(&near, address, 24));
	table_boot(true, true);
	assert_true(table_begin_briefs(BRIEF_MOMENT));
	assert_false(table_put_brief(&near, address, 24)); /* no leaf yet */
	assert_false(table_put_brief_anew(&near, address, VMATLAS_SIZE_BIG));
	assert_false(table_put_brief_anew(&near, address + 8, 24));
	assert_true(table_put_brief(&near, address, 0));
	assert_false(table_put_brief(&near, address + 16, 24));
	assert_false(table_take_brief(&near, address + 16));
	assert_true(table_put(&stock, &birth, &taken));
	assert_true(taken.word && taken.address == address && taken.size == 0);
	assert_false(table_take_brief(&near, address));
	assert_false(table_put_brief(&near, address + 16, 24)); /* there is a word */
	table_take(address, &taken);
	assert_true(taken.word && taken.size == 100);
	assert_true(table_put_brief(&near, address + 16, VMATLAS_SIZE_BIG - 1));
	table_take(address, &taken);
	assert_false(taken.word);
	assert_true(table_take_stale_brief(address, &taken));
	assert_true(taken.address == address + 16 && taken.size == VMATLAS_SIZE_BIG - 1);
	assert_false(table_take_stale_brief(address, &taken));
	table_boot(true, false);
}

/* The program freed it where we could not see, and another now starts 16 bytes further. */
static void a_stale_block_in_the_window_is_replaced(void **state)
{
	struct table_birth old = {0x7d0000000000, 100, 5, 1, 1, 0, 0}, big = old, new = old;
	struct table_taken replaced;

	(void)state;
	table_boot(true, false);
	new.address += 16;
	big.size = 1 << 20;
	assert_true(table_put(&stock, &old, &replaced));
	assert_true(table_put(&stock, &new, &replaced));
	assert_true(replaced.word && replaced.address == old.address && replaced.size == 100);
	assert_true(table_put(&stock, &big, &replaced));
	assert_true(replaced.word && replaced.address == new.address);
	assert_true(table_put(&stock, &new, &replaced));
	assert_true(replaced.word && replaced.size == 1 << 20 && replaced.big == 0);
	table_take(old.address, &replaced);
	assert_false(replaced.word);
	table_take(new.address, &replaced);
	assert_true(replaced.word);
}

/* Where an allocator puts blocks closer together, neighbours in a window have a plane each. */
static void small_blocks_of_one_window_go_the_short_way(void **state)
{
	const uint64_t address = 0x7a0000000000;
	struct table_taken taken;

	(void)state;
	table_boot(false, false);
	for (uint32_t i = 0; i < 4; i++) {
		struct table_birth birth = {address + 8 * i, i, 5, 3, 4, 0, 0};

		assert_true(table_put(&stock, &birth, &taken) && !taken.word);
		assert_false(table_put_small(&near, address + 8 * i, 100, 3, 4)); /* it is there */
	}
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(VMATLAS_WORD_SIZE(table_take_small(&near, address + 8 * i)), i);
		assert_true(table_put_small(&near, address + 8 * i, 100 + i, 3, 4));
	}
	for (uint32_t i = 0; i < 4; i++) {
		table_take(address + 8 * i, &taken);
		assert_true(taken.word && taken.size == 100 + i && !taken.big);
	}
	table_boot(true, false);
}

/* In a forked child the process's number is another, and must not be mistaken for the leaf's: no
 * address near the last one is found before the child has settled. */
static void a_forked_child_finds_no_leaf_by_its_parents_look(void **state)
{
	const uint64_t leaf = (uint64_t)1 << BLOCKS_LEAF_SPAN_BITS, address = 0x7b8000000000;
	struct table_birth birth = {address, 100, 5, 3, 4, 0, 0};
	_Atomic uint32_t *mark = process_mark, forked = 0;
	struct table_taken taken;

	(void)state;
	table_boot(true, false);
	assert_true(table_put(&stock, &birth, &taken));
	assert_true(table_take_small(&near, address) && table_put_small(&near, address, 9, 3, 4));
	process_mark = &forked;
	for (uint64_t i = 0; i < 8; i++)
		assert_false(table_take_small(&near, address + i * leaf) ||
			     table_take_small(&near, address - i * leaf));
	process_mark = mark;
	assert_true(table_take_small(&near, address));
}

/* The short way and the long one are one table; what is not for the short way leaves it as it was.
 */
static void a_small_block_goes_the_short_way(void **state)
{
	struct table_birth birth = {0x7b0000000008, 100, 5, 3, 4, 0, 0};
	struct table_taken taken;
	uint64_t word;

	(void)state;
	table_boot(true, false);
	assert_false(table_put_small(&near, birth.address, 100, 3, 4)); /* no leaf yet */
	assert_false(table_take_small(&near, birth.address));
	assert_true(table_put(&stock, &birth, &taken));
	assert_false(table_put_small(&near, birth.address, 100, 3, 4)); /* it is there */
	assert_false(table_take_small(&near, birth.address + 8));
	word = table_take_small(&near, birth.address);
	assert_true(VMATLAS_WORD_SIZE(word) == 100 && !table_take_small(&near, birth.address));
	assert_true(table_put_small(&near, birth.address, 100, 3, 4));
	table_take(birth.address, &taken);
	assert_true(taken.word == word && taken.address == birth.address);
	assert_false(table_put_small(&near, birth.address, VMATLAS_SIZE_BIG, 3, 4));
	assert_false(table_put_small(&near, birth.address, 100, 3, 0));
	assert_false(table_put_small(&near, birth.address + 1, 100, 3, 4));
	assert_false(table_put_small(&near, UINT64_MAX & ~7, 100, 3, 4) ||
		     table_take_small(&near, UINT64_MAX));
	table_take(birth.address, &taken);
	assert_false(taken.word);
}

static void an_address_that_is_not_there_is_not_taken(void **state)
{
	struct table_taken taken = {1, 2, 3, 4};

	(void)state;
	table_take(0x123456789000, &taken);
	assert_true(taken.address == 0x123456789000 && !taken.word && !taken.size && !taken.big);
	table_put_back(&taken);
	table_forget(&stock, &taken);
	table_take(UINT64_MAX, &taken);
	assert_false(taken.word);
	table_take(0, &taken);
	assert_false(taken.word);
}

static void an_address_beyond_the_table_is_counted(void **state)
{
	struct table_birth birth = {(uint64_t)1 << BLOCKS_ADDRESS_BITS, 100, 5, 1, 1, 0, 0};
	struct table_taken replaced;
	uint64_t lost = table_lost();

	(void)state;
	assert_false(table_put(&stock, &birth, &replaced));
	assert_int_equal(table_lost(), lost + 1);
	birth.address -= 32;
	assert_true(table_put(&stock, &birth, &replaced));
}

static size_t store_total(void)
{
	struct store_chunk chunk[STORE_CHUNKS];
	unsigned count = store_chunks(chunk, STORE_CHUNKS);
	size_t total = 0;

	for (unsigned i = 0; i < count; i++)
		total += chunk[i].size;
	return total;
}

/* Where one thread only puts and another only takes, records go round through all. */
static void ten_million_blocks_need_no_more_memory_than_live_at_once(void **state)
{
	struct bigs_stock other = {0, 0};
	struct table_taken taken;
	size_t before;

	(void)state;
	table_boot(true, false);
	before = store_total();
	for (uint64_t i = 0; i < 10000000; i++) {
		struct table_birth birth = {
			0x7c0000000010 + i % 1000 * 32, i % 32768, 5, 1, 1, 0, 0};

		assert_true(table_put(&stock, &birth, &taken) && !taken.word);
		table_take(birth.address, &taken);
		assert_true(taken.word && taken.size == birth.size);
		table_forget(i % 3 ? &other : i % 5 ? &stock : NULL, &taken);
	}
	assert_in_range(lane_count(table_bigs()), 1, 4000);
	assert_in_range(store_total(), before, before + (8 << 20));
}

/* As a forked child may find it: another thread was about to count. */
static void a_stock_that_counts_wrong_does_no_harm(void **state)
{
	struct bigs_stock few = {0, 3}, many = {0, 0};
	struct vmatlas_big big = {.address = 0x7b0000000000, .size = 1 << 20};
	uint32_t id[100];

	(void)state;
	bigs_leave(&few);
	for (int i = 0; i < 100; i++)
		assert_true((id[i] = bigs_make(&many, &big)));
	many.count += 2;
	for (int i = 0; i < 100; i++)
		bigs_give(&many, id[i]);
	bigs_leave(&many);
	assert_int_equal(many.first, 0);
	assert_true(bigs_make(&many, &big));
}

static void a_record_that_was_written_over_is_no_block(void **state)
{
	const struct table_birth birth = {.address = 0x7b4000001000, .size = 100000};
	struct blocks_tables tables = {.moments = &moments, .bigs = table_bigs()};
	struct table_taken taken;
	struct vmatlas_big *record;
	uint64_t damaged = 0;
	struct block block;

	(void)state;
	assert_true(table_put(&stock, &birth, &taken));
	table_take(birth.address, &taken);
	table_put_back(&taken);
	record = bigs_find(taken.big);
	for (int bit = 0; bit < 64; bit++) {
		record->size ^= (uint64_t)1 << bit;
		assert_false(blocks_describe(&tables, birth.address >> BLOCKS_WINDOW_BITS,
			taken.word, &block, &damaged));
		assert_int_equal(damaged, bit + 1);
		table_take(birth.address, &taken);
		assert_int_equal(taken.word, 0);
		record->size = birth.size;
		table_take(birth.address, &taken);
		assert_int_equal(taken.size, birth.size);
		table_put_back(&taken);
	}
	table_take(birth.address, &taken);
	table_forget(&stock, &taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: leaves with all planes can be read as if they had one. */
		cmocka_unit_test(blocks_that_share_windows_are_as_in_a_dictionary),
		cmocka_unit_test(blocks_with_a_word_each_are_as_in_a_dictionary),
		cmocka_unit_test(briefs_and_words_are_as_in_a_dictionary),
		cmocka_unit_test(a_brief_is_for_small_blocks_in_free_windows),
		cmocka_unit_test(a_record_that_was_written_over_is_no_block),
		cmocka_unit_test(a_stale_block_in_the_window_is_replaced),
		cmocka_unit_test(small_blocks_of_one_window_go_the_short_way),
		cmocka_unit_test(a_small_block_goes_the_short_way),
		cmocka_unit_test(a_forked_child_finds_no_leaf_by_its_parents_look),
		cmocka_unit_test(an_address_that_is_not_there_is_not_taken),
		cmocka_unit_test(an_address_beyond_the_table_is_counted),
		cmocka_unit_test(ten_million_blocks_need_no_more_memory_than_live_at_once),
		cmocka_unit_test(a_stock_that_counts_wrong_does_no_harm),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
