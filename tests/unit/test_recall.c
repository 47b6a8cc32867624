/* A call stack is known again only where a walk would find the same one: each thing that the walk
 * depends on is changed in turn, on a stack that is an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "recall.h"

#include <string.h>

enum { WORDS = 40000, FAR = WORDS - 20 };

/* Two levels that are kept, at words 20 and 30, and a leaf at word 2 that is reached by two steps,
 * which read words 5 (saved rbp), 6 and 12. */
static uintptr_t stack[WORDS];
static struct levels levels;
static struct recall recall;

static uintptr_t at(unsigned word)
{
	return (uintptr_t)&stack[word];
}

static void note(unsigned word)
{
	struct levels_level *level = &levels.level[levels.count];

	if (level->words == 0)
		level->words = levels.count ? level[-1].words : 0;
	levels.word[level->words++] = (struct levels_word){at(word), stack[word]};
}

static void add_level(unsigned word, uint32_t frame, bool needs_bp)
{
	struct levels_level *level = &levels.level[levels.count++];

	level->key = layout_key(0x400000 + frame, false);
	level->sp = at(word);
	level->bp = needs_bp ? 77 : 0;
	level->frame = frame;
	level->needs_bp = needs_bp;
}

static void add_fresh(void)
{
	note(12);
	add_level(8, 3, true);
	note(6);
	note(5);
	add_level(2, 4, true);
}

static int begin(void **state)
{
	(void)state;
	memset(&levels, 0, sizeof levels);
	memset(&recall, 0, sizeof recall);
	for (unsigned i = 0; i < WORDS; i++)
		stack[i] = i * 1000;
	note(31);
	add_level(30, 1, false);
	note(21);
	add_level(20, 2, true);
	add_fresh();
	recall_add(&recall, &levels, 2);
	return 0;
}

static uint32_t find(uint32_t frame, unsigned word, uintptr_t bp, unsigned high)
{
	return recall_find(
		&recall, &levels, layout_key(0x400000 + frame, false), at(word), bp, at(high));
}

static uint32_t find_leaf(void)
{
	return find(4, 2, 77, WORDS);
}

static void what_was_added_is_known_again(void **state)
{
	(void)state;
	assert_int_equal(find_leaf(), 4);
	levels.count = 2; /* the last walk went another way from there */
	assert_int_equal(find_leaf(), 4);
}

static void another_place_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(find(5, 2, 77, WORDS), 0);
	assert_int_equal(find(4, 3, 77, WORDS), 0);
	assert_int_equal(find(4, 2, 78, WORDS), 0);
}

static void rbp_does_not_matter_where_nothing_depends_on_it(void **state)
{
	struct recall_place *place = recall_set(&recall, layout_key(0x400004, false), at(2))->way;

	(void)state;
	place->leaf.needs_bp = 0;
	assert_int_equal(find(4, 2, 78, WORDS), 4);
}

static void a_changed_word_is_noticed(void **state)
{
	static const unsigned read[] = {5, 6, 12, 21, 31};

	(void)state;
	for (unsigned i = 0; i < sizeof read / sizeof read[0]; i++) {
		stack[read[i]]++;
		assert_int_equal(find_leaf(), 0);
		stack[read[i]]--;
		assert_int_equal(find_leaf(), 4);
	}
	stack[7]++; /* nobody read that */
	assert_int_equal(find_leaf(), 4);
}

static void another_base_is_noticed(void **state)
{
	struct levels_level former = levels.level[1];

	(void)state;
	levels.level[1].frame++;
	assert_int_equal(find_leaf(), 0);
	levels.level[1] = former;
	levels.level[1].bp++;
	assert_int_equal(find_leaf(), 0);
	levels.level[1] = former;
	levels.level[1].sp += 8;
	assert_int_equal(find_leaf(), 0);
	levels.level[1] = former;
	levels.count = 1;
	assert_int_equal(find_leaf(), 0);
}

static void a_stack_that_ends_before_the_base_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(find(4, 2, 77, 20), 4);
	assert_int_equal(find(4, 2, 77, 19), 0);
}

/* How deep it then becomes depends on where it was cut. */
static void a_call_stack_that_was_cut_is_another(void **state)
{
	(void)state;
	levels.cut = true;
	assert_int_equal(find_leaf(), 0);
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 4);
}

static void refill(void)
{
	memset(&recall, 0, sizeof recall);
	levels.count = 2;
	memset(levels.level + 2, 0, 2 * sizeof levels.level[0]);
}

/* The same place, reached by different ways: a wrapper around malloc. */
static void several_ways_to_one_place_are_known(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < RECALL_WAYS; i++) {
		levels.count = 2;
		memset(levels.level + 2, 0, 2 * sizeof levels.level[0]);
		stack[6] += 8;
		add_fresh();
		levels.level[3].frame = 4 + i * 100;
		levels.level[3].key = layout_key(0x400004, false);
		recall_add(&recall, &levels, 2);
	}
	for (uint32_t i = RECALL_WAYS; i-- > 0; stack[6] -= 8)
		assert_int_equal(find_leaf(), 4 + i * 100);
}

static void what_does_not_fit_is_not_kept(void **state)
{
	(void)state;
	refill();
	for (unsigned i = 0; i <= RECALL_WORDS; i++)
		note(5 + i);
	add_level(2, 4, true);
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 0);

	refill();
	levels.level[1].sp = at(FAR);
	add_fresh();
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 0);
}

/* Registers that were saved outside of both frames: what unwinds so is walked each time. */
static void a_word_beyond_the_base_is_not_kept(void **state)
{
	(void)state;
	refill();
	note(25);
	add_level(2, 4, true);
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 0);

	refill();
	note(1);
	add_level(2, 4, true);
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_added_is_known_again, begin),
		cmocka_unit_test_setup(another_place_is_not_known, begin),
		cmocka_unit_test_setup(rbp_does_not_matter_where_nothing_depends_on_it, begin),
		cmocka_unit_test_setup(a_changed_word_is_noticed, begin),
		cmocka_unit_test_setup(another_base_is_noticed, begin),
		cmocka_unit_test_setup(a_stack_that_ends_before_the_base_is_not_read, begin),
		cmocka_unit_test_setup(a_call_stack_that_was_cut_is_another, begin),
		cmocka_unit_test_setup(several_ways_to_one_place_are_known, begin),
		cmocka_unit_test_setup(what_does_not_fit_is_not_kept, begin),
		cmocka_unit_test_setup(a_word_beyond_the_base_is_not_kept, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
