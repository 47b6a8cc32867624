/* A call stack is known again only where a walk would find the same one: each thing that the walk
 * depends on is changed in turn, on a stack that is an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "recall.h"

#include <string.h>
#include <sys/mman.h>

enum { WORDS = 1 << 16 }; /* all that have a name */

/* Two levels that are kept, at words 20 and 30, and a leaf at word 2 that is reached by two steps,
 * which read words 5 (saved rbp), 6 and 12. */
static uintptr_t *stack;
static struct ground ground;
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
	levels.word[level->words++] = (struct levels_word){stack[word], (uint16_t)word};
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
	ground = (struct ground){.base = at(0), .stacks.current = {at(0), at(WORDS)}};
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

static uint32_t find(uint32_t frame, unsigned word, uintptr_t bp, bool tall)
{
	return recall_find(
		&recall, &levels, layout_key(0x400000 + frame, false), at(word), bp, &ground, tall);
}

/* On any ground it is found like that. */
static uint32_t find_anywhere(uint32_t frame, unsigned word, uintptr_t bp)
{
	uint32_t number = find(frame, word, bp, true);

	assert_int_equal(find(frame, word, bp, false), number);
	return number;
}

static uint32_t find_leaf(void)
{
	return find_anywhere(4, 2, 77);
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
	assert_int_equal(find_anywhere(5, 2, 77), 0);
	assert_int_equal(find_anywhere(4, 3, 77), 0);
	assert_int_equal(find_anywhere(4, 2, 78), 0);
}

static void rbp_does_not_matter_where_nothing_depends_on_it(void **state)
{
	struct recall_place *place = recall_set(&recall, layout_key(0x400004, false), at(2))->way;

	(void)state;
	place->leaf.needs_bp = 0;
	assert_int_equal(find_anywhere(4, 2, 78), 4);
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

/* The words are names from another base. */
static void another_window_is_noticed(void **state)
{
	(void)state;
	levels.window += 8;
	assert_int_equal(find_leaf(), 0);
}

static void a_word_beyond_the_stack_is_not_read(void **state)
{
	(void)state;
	ground.stacks.current.high = at(32);
	assert_int_equal(find(4, 2, 77, false), 4);
	ground.stacks.current.high = at(31);
	assert_int_equal(find(4, 2, 77, false), 0);
	ground.stacks.current.high = at(12);
	assert_int_equal(find(4, 2, 77, false), 0);
}

/* Whatever the words are, they lead nowhere but into the stack, which nothing readable is beside:
 * neither may crash. */
static void words_that_were_written_over_stay_in_the_stack(void **state)
{
	struct recall_place *place = recall_set(&recall, layout_key(0x400004, false), at(2))->way;
	unsigned at_most = UINT16_MAX;

	(void)state;
	for (unsigned name = 0; name <= at_most; name++) {
		levels.word[1].at = place->word[1].at = (uint16_t)name;
		find(4, 2, 77, true);
		find(4, 2, 77, false);
	}
	place->leaf.words = UINT16_MAX;
	assert_int_equal(find_leaf(), 0);
}

/* How deep it then becomes depends on where it was cut. */
static void a_call_stack_that_was_cut_is_another(void **state)
{
	(void)state;
	levels.window |= LEVELS_CUT;
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
}

/* Registers that were saved outside of both frames. */
static void a_word_beyond_the_base_is_compared(void **state)
{
	(void)state;
	refill();
	note(25);
	add_level(2, 4, true);
	recall_add(&recall, &levels, 2);
	assert_int_equal(find_leaf(), 4);
	stack[25]++;
	assert_int_equal(find_leaf(), 0);
}

/* The one page before and the one behind it cannot be read. */
static int map_stack(void **state)
{
	size_t size = WORDS * sizeof *stack;
	char *start = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	stack = (uintptr_t *)(start + 4096);
	return start == MAP_FAILED || mprotect(stack, size, PROT_READ | PROT_WRITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_added_is_known_again, begin),
		cmocka_unit_test_setup(another_place_is_not_known, begin),
		cmocka_unit_test_setup(rbp_does_not_matter_where_nothing_depends_on_it, begin),
		cmocka_unit_test_setup(a_changed_word_is_noticed, begin),
		cmocka_unit_test_setup(another_base_is_noticed, begin),
		cmocka_unit_test_setup(another_window_is_noticed, begin),
		cmocka_unit_test_setup(a_word_beyond_the_stack_is_not_read, begin),
		cmocka_unit_test_setup(words_that_were_written_over_stay_in_the_stack, begin),
		cmocka_unit_test_setup(a_call_stack_that_was_cut_is_another, begin),
		cmocka_unit_test_setup(several_ways_to_one_place_are_known, begin),
		cmocka_unit_test_setup(what_does_not_fit_is_not_kept, begin),
		cmocka_unit_test_setup(a_word_beyond_the_base_is_compared, begin),
	};

	return cmocka_run_group_tests(tests, map_stack, NULL);
}
