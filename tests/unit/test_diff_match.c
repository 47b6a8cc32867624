#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dice.h"
#include "diff_key.h"
#include "diff_match.h"

enum { MOST = 64, PAGE = 4096 };

/* Two lists of mappings, and what came of them. */
struct comparison {
	struct diff_item item[DIFF_SIDES][MOST];
	struct diff_items items[DIFF_SIDES];
	struct diff_match_how how;
	struct diff_changes changes;
};

static struct comparison *compared_by_address(void)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));

	assert_non_null(comparison);
	for (int side = 0; side < DIFF_SIDES; side++)
		comparison->items[side].item = comparison->item[side];
	comparison->how.by_address = true;
	comparison->how.taken[DIFF_OLD] = 100;
	comparison->how.taken[DIFF_NEW] = 200;
	return comparison;
}

static void free_comparison(struct comparison *comparison)
{
	free(comparison->changes.change);
	free(comparison);
}

/* Addresses are pages. */
static struct diff_item *put(
	struct comparison *comparison, enum diff_then side, uint64_t start, uint64_t end)
{
	struct diff_items *items = &comparison->items[side];
	struct diff_item *item = &items->item[items->count++];

	assert_true(items->count <= MOST);
	*item = (struct diff_item){.start = start * PAGE,
		.end = end * PAGE,
		.perms = MAPS_READ | MAPS_WRITE,
		.kind = KIND_ANON,
		.located = true,
		.path = ""};
	item->figure[DIFF_SIZE] = item->end - item->start;
	item->figure[DIFF_RSS] = item->figure[DIFF_SIZE] / 2;
	return item;
}

static struct diff_item *put_path(struct comparison *comparison, enum diff_then side,
	uint64_t start, uint64_t end, const char *path)
{
	struct diff_item *item = put(comparison, side, start, end);

	item->path = path;
	item->path_length = strlen(path);
	return item;
}

static struct diff_item *put_file(struct comparison *comparison, enum diff_then side,
	uint64_t start, uint64_t end, uint64_t offset)
{
	struct diff_item *item = put_path(comparison, side, start, end, "/lib/some.so");

	item->kind = KIND_TEXT;
	item->inode = 7;
	item->offset = offset * PAGE;
	return item;
}

static void match(struct comparison *comparison)
{
	free(comparison->changes.change);
	assert_int_equal(diff_match(&comparison->changes, comparison->items, &comparison->how), 0);
}

static const struct diff_change *change_of(
	const struct comparison *comparison, const struct diff_item *item)
{
	assert_in_range(item->change, 0, comparison->changes.count - 1);
	return &comparison->changes.change[item->change];
}

/* The word for the item's change, and how many mappings it has on either side. */
static void is(const struct comparison *comparison, const struct diff_item *item, const char *word,
	uint32_t old, uint32_t new)
{
	const struct diff_change *change = change_of(comparison, item);

	assert_string_equal(diff_change_word(change), word);
	assert_int_equal(change->count[DIFF_OLD], old);
	assert_int_equal(change->count[DIFF_NEW], new);
}

/* -- By address ----------------------------------------------------------------------------- */

static void what_is_as_it_was_is_the_same(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *item;

	(void)state;
	put(comparison, DIFF_OLD, 10, 20);
	put_file(comparison, DIFF_OLD, 30, 40, 0);
	item = put(comparison, DIFF_NEW, 10, 20);
	put_file(comparison, DIFF_NEW, 30, 40, 0);
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	is(comparison, item, "same", 1, 1);
	is(comparison, item + 1, "same", 1, 1);
	free_comparison(comparison);
}

static void heap_grows_at_its_end_and_stack_at_its_start(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *heap, *stack;

	(void)state;
	put_path(comparison, DIFF_OLD, 10, 20, "[heap]");
	put_path(comparison, DIFF_OLD, 90, 95, "[stack]");
	heap = put_path(comparison, DIFF_NEW, 10, 50, "[heap]");
	stack = put_path(comparison, DIFF_NEW, 80, 95, "[stack]");
	match(comparison);
	is(comparison, heap, "grown", 1, 1);
	is(comparison, stack, "grown", 1, 1);
	assert_int_equal(diff_change_growth(change_of(comparison, heap), DIFF_SIZE), 30 * PAGE);
	assert_int_equal(diff_change_growth(change_of(comparison, stack), DIFF_RSS), 5 * PAGE);
	free_comparison(comparison);
}

static void what_lies_elsewhere_is_new_or_gone(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *old, *new;

	(void)state;
	old = put(comparison, DIFF_OLD, 10, 20);
	new = put(comparison, DIFF_NEW, 20, 30);
	match(comparison);
	is(comparison, old, "gone", 1, 0);
	is(comparison, new, "new", 0, 1);
	assert_false(change_of(comparison, new)->moved);
	free_comparison(comparison);
}

static void two_that_became_one_are_merged(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *item;

	(void)state;
	put(comparison, DIFF_OLD, 10, 20);
	put(comparison, DIFF_OLD, 25, 30);
	item = put(comparison, DIFF_NEW, 10, 30);
	match(comparison);
	assert_int_equal(comparison->changes.count, 1);
	is(comparison, item, "grown", 2, 1);
	assert_int_equal(diff_change_growth(change_of(comparison, item), DIFF_SIZE), 5 * PAGE);
	free_comparison(comparison);
}

static void one_that_a_file_was_mapped_into_is_split(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *below, *file;

	(void)state;
	put(comparison, DIFF_OLD, 10, 40);
	below = put(comparison, DIFF_NEW, 10, 20);
	file = put_file(comparison, DIFF_NEW, 20, 30, 0);
	put(comparison, DIFF_NEW, 30, 40);
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	is(comparison, below, "shrunk", 1, 2);
	is(comparison, file, "new", 0, 1);
	assert_int_equal(below[2].change, below->change);
	free_comparison(comparison);
}

static void what_can_be_used_has_grown_out_of_what_was_kept_free(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *arena;

	(void)state;
	put(comparison, DIFF_OLD, 10, 12);
	put(comparison, DIFF_OLD, 12, 100)->perms = 0;
	arena = put(comparison, DIFF_NEW, 10, 30);
	put(comparison, DIFF_NEW, 30, 100)->perms = 0;
	match(comparison);
	is(comparison, arena, "grown", 1, 1);
	is(comparison, arena + 1, "shrunk", 1, 1);
	assert_int_equal(diff_change_growth(change_of(comparison, arena), DIFF_SIZE), 18 * PAGE);
	free_comparison(comparison);
}

static void another_file_at_the_same_address_is_another(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *new;

	(void)state;
	put_file(comparison, DIFF_OLD, 10, 20, 0);
	new = put_file(comparison, DIFF_NEW, 10, 20, 0);
	new->inode = 8;
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	is(comparison, new, "new", 0, 1);
	free_comparison(comparison);
}

static void another_place_of_the_file_at_the_same_address_is_another(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put_file(comparison, DIFF_OLD, 10, 20, 0);
	put_file(comparison, DIFF_NEW, 10, 20, 5);
	put_file(comparison, DIFF_OLD, 30, 40, 30);
	put_file(comparison, DIFF_NEW, 32, 36, 32);
	match(comparison);
	assert_int_equal(comparison->changes.count, 3);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	is(comparison, &comparison->item[DIFF_NEW][1], "shrunk", 1, 1);
	free_comparison(comparison);
}

static void a_file_of_that_name_is_the_file_where_no_more_is_known(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put_path(comparison, DIFF_OLD, 10, 20, "/usr/lib/libz.so")->located = false;
	put_path(comparison, DIFF_NEW, 10, 20, "libz.so")->located = false;
	put_path(comparison, DIFF_OLD, 30, 40, "/usr/lib/libz.so")->located = false;
	put_path(comparison, DIFF_NEW, 30, 40, "liby.so")->located = false;
	match(comparison);
	is(comparison, &comparison->item[DIFF_NEW][0], "same", 1, 1);
	is(comparison, &comparison->item[DIFF_NEW][1], "new", 0, 1);
	free_comparison(comparison);
}

static void a_marker_is_that_marker_only(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put_path(comparison, DIFF_OLD, 10, 20, "[heap]");
	put(comparison, DIFF_NEW, 10, 20);
	put_path(comparison, DIFF_OLD, 30, 40, "[vdso]");
	put_path(comparison, DIFF_NEW, 30, 40, "[vvar]");
	put(comparison, DIFF_OLD, 50, 60);
	put_path(comparison, DIFF_NEW, 50, 60, "[anon:pool]");
	match(comparison);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	is(comparison, &comparison->item[DIFF_NEW][1], "new", 0, 1);
	is(comparison, &comparison->item[DIFF_NEW][2], "same", 1, 1);
	free_comparison(comparison);
}

static void vmatlas_own_memory_is_never_the_programs(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put(comparison, DIFF_OLD, 10, 20);
	put(comparison, DIFF_NEW, 10, 20)->own = true;
	match(comparison);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	free_comparison(comparison);
}

/* -- Calls ---------------------------------------------------------------------------------- */

static struct diff_item *put_region(struct comparison *comparison, enum diff_then side,
	uint64_t start, uint64_t end, uint64_t made)
{
	struct diff_item *item = put(comparison, side, start, end);

	item->region = (uint32_t)start;
	item->made = made;
	return item;
}

static void what_a_call_made_since_is_new(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put_region(comparison, DIFF_OLD, 10, 20, 50);
	put_region(comparison, DIFF_OLD, 30, 40, 60);
	put_region(comparison, DIFF_NEW, 10, 20, 150);
	put_region(comparison, DIFF_NEW, 30, 40, 60);
	match(comparison);
	is(comparison, &comparison->item[DIFF_OLD][0], "gone", 1, 0);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	is(comparison, &comparison->item[DIFF_NEW][1], "same", 1, 1);
	free_comparison(comparison);
}

static void parts_of_one_region_are_one_change(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	for (uint64_t start = 10; start < 40; start += 10) {
		item = put_region(comparison, DIFF_NEW, start, start + 10, 150);
		item->region = 5;
	}
	item->perms = 0;
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	is(comparison, &comparison->item[DIFF_NEW][1], "new", 0, 2);
	is(comparison, item, "new", 0, 1);
	free_comparison(comparison);
}

static void mremap_in_place_grows(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	put_region(comparison, DIFF_OLD, 10, 20, 50);
	item = put_region(comparison, DIFF_NEW, 10, 40, 150);
	item->remapped = true;
	match(comparison);
	is(comparison, item, "grown", 1, 1);
	assert_false(change_of(comparison, item)->moved);
	free_comparison(comparison);
}

static void mremap_moves_where_there_is_no_choice(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	put_region(comparison, DIFF_OLD, 10, 20, 50);
	put(comparison, DIFF_OLD, 30, 40);
	put(comparison, DIFF_NEW, 30, 40);
	item = put_region(comparison, DIFF_NEW, 50, 70, 150);
	item->remapped = true;
	match(comparison);
	is(comparison, item, "grown", 1, 1);
	assert_true(change_of(comparison, item)->moved);
	assert_int_equal(diff_change_growth(change_of(comparison, item), DIFF_SIZE), 10 * PAGE);
	free_comparison(comparison);
}

static void of_two_that_went_nobody_knows_which_moved(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	put_region(comparison, DIFF_OLD, 10, 20, 50);
	put_region(comparison, DIFF_OLD, 30, 40, 60);
	item = put_region(comparison, DIFF_NEW, 50, 70, 150);
	item->remapped = true;
	match(comparison);
	is(comparison, item, "new", 0, 1);
	assert_int_equal(comparison->changes.count, 3);
	free_comparison(comparison);
}

static void a_file_that_is_found_elsewhere_has_moved(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	put_file(comparison, DIFF_OLD, 10, 20, 0);
	put_file(comparison, DIFF_OLD, 20, 30, 10);
	put_file(comparison, DIFF_NEW, 50, 60, 0);
	item = put_file(comparison, DIFF_NEW, 60, 72, 10);
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	is(comparison, item, "grown", 1, 1);
	assert_true(change_of(comparison, item)->moved);
	free_comparison(comparison);
}

static void of_two_copies_of_a_file_nobody_knows_which_moved(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	put_file(comparison, DIFF_OLD, 10, 20, 0);
	put_file(comparison, DIFF_NEW, 50, 60, 0);
	item = put_file(comparison, DIFF_NEW, 70, 80, 0);
	match(comparison);
	assert_int_equal(comparison->changes.count, 3);
	is(comparison, item, "new", 0, 1);
	free_comparison(comparison);
}

/* The coarse clock lags: what came right after a snapshot may seem to be older. */
static void what_a_call_made_at_that_moment_is_new_where_it_was_not_there(void **state)
{
	for (uint64_t then = 80; then <= 97; then += 17) {
		struct comparison *comparison = compared_by_address();
		struct diff_item *old = put(comparison, DIFF_OLD, 10, 20);
		struct diff_item *new = put(comparison, DIFF_NEW, 10, 20);

		(void)state;
		comparison->how.lag = 5;
		old->made = then;
		new->made = 97;
		match(comparison);
		if (then == 97)
			is(comparison, new, "same", 1, 1);
		else
			is(comparison, new, "new", 0, 1);
		comparison->how.lag = 2;
		match(comparison);
		is(comparison, new, "same", 1, 1);
		free_comparison(comparison);
	}
}

static void what_one_call_stack_has_mapped_since_is_one_change(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item = comparison->item[DIFF_NEW];

	(void)state;
	put(comparison, DIFF_OLD, 10, 20)->stack = 5;
	put(comparison, DIFF_NEW, 10, 20)->stack = 5;
	put(comparison, DIFF_NEW, 30, 40)->stack = 5;
	put(comparison, DIFF_NEW, 50, 60)->stack = 6;
	put(comparison, DIFF_NEW, 70, 80)->stack = 5;
	put(comparison, DIFF_NEW, 90, 91);
	put(comparison, DIFF_NEW, 92, 93);
	match(comparison);
	is(comparison, &item[0], "same", 1, 1);
	is(comparison, &item[1], "new", 0, 2);
	is(comparison, &item[2], "new", 0, 1);
	is(comparison, &item[3], "new", 0, 2);
	is(comparison, &item[4], "new", 0, 1);
	is(comparison, &item[5], "new", 0, 1);
	free_comparison(comparison);
}

static void what_is_gone_and_what_is_new_stay_apart(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put(comparison, DIFF_OLD, 10, 20)->stack = 5;
	put(comparison, DIFF_NEW, 30, 40)->stack = 5;
	match(comparison);
	is(comparison, &comparison->item[DIFF_OLD][0], "gone", 1, 0);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	free_comparison(comparison);
}

/* -- By what they are for ------------------------------------------------------------------- */

static void other_addresses_same_purpose(void **state)
{
	struct comparison *comparison = compared_by_address();
	struct diff_item *item;

	(void)state;
	comparison->how.by_address = false;
	put_path(comparison, DIFF_OLD, 10, 20, "[heap]")->kind = KIND_HEAP;
	put_file(comparison, DIFF_OLD, 30, 40, 0);
	put(comparison, DIFF_OLD, 50, 60)->stack = 5;
	put(comparison, DIFF_OLD, 60, 70)->stack = 6;
	item = put_path(comparison, DIFF_NEW, 110, 130, "[heap]");
	item->kind = KIND_HEAP;
	put_file(comparison, DIFF_NEW, 140, 150, 0);
	put(comparison, DIFF_NEW, 160, 170)->stack = 6;
	put(comparison, DIFF_NEW, 170, 180)->stack = 6;
	put(comparison, DIFF_NEW, 180, 190)->stack = 7;
	match(comparison);
	is(comparison, &item[0], "grown", 1, 1);
	is(comparison, &item[1], "same", 1, 1);
	is(comparison, &item[2], "grown", 1, 2);
	is(comparison, &item[4], "new", 0, 1);
	is(comparison, &comparison->item[DIFF_OLD][2], "gone", 1, 0);
	assert_false(change_of(comparison, item)->moved);
	free_comparison(comparison);
}

static void stacks_are_known_by_their_threads_names(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	comparison->how.by_address = false;
	for (int side = 0; side < DIFF_SIDES; side++)
		for (int i = 0; i < 2; i++) {
			struct diff_item *item = put(comparison, (enum diff_then)side,
				(uint64_t)(side * 100 + i * 10),
				(uint64_t)(side * 100 + 5 + i * 10));

			item->kind = KIND_THREAD_STACK;
			item->label = i == side ? "reader" : "writer";
			item->label_length = 6;
		}
	match(comparison);
	assert_int_equal(comparison->changes.count, 2);
	assert_int_equal(
		comparison->item[DIFF_OLD][0].change, comparison->item[DIFF_NEW][1].change);
	assert_int_equal(
		comparison->item[DIFF_OLD][1].change, comparison->item[DIFF_NEW][0].change);
	free_comparison(comparison);
}

/* -- Words and figures ---------------------------------------------------------------------- */

static void words(void **state)
{
	struct diff_change change = {.count = {1, 1}};

	(void)state;
	assert_string_equal(diff_change_word(&change), "same");
	change.figure[DIFF_NEW][DIFF_LIVE] = 1;
	assert_string_equal(diff_change_word(&change), "changed");
	change.figure[DIFF_NEW][DIFF_RSS] = 1;
	assert_string_equal(diff_change_word(&change), "touched");
	change.figure[DIFF_OLD][DIFF_RSS] = 2;
	assert_string_equal(diff_change_word(&change), "released");
	change.figure[DIFF_OLD][DIFF_SIZE] = 1;
	assert_string_equal(diff_change_word(&change), "shrunk");
	change.figure[DIFF_NEW][DIFF_SIZE] = 2;
	assert_string_equal(diff_change_word(&change), "grown");
	change.count[DIFF_NEW] = 0;
	assert_string_equal(diff_change_word(&change), "gone");
	change.count[DIFF_NEW] = 1;
	change.count[DIFF_OLD] = 0;
	assert_string_equal(diff_change_word(&change), "new");
}

static void what_one_side_does_not_know_is_left_out(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	put(comparison, DIFF_OLD, 10, 20)->figure[DIFF_RSS] = 0;
	put(comparison, DIFF_NEW, 10, 20);
	comparison->how.unknown = 1u << DIFF_RSS;
	match(comparison);
	is(comparison, &comparison->item[DIFF_NEW][0], "same", 1, 1);
	free_comparison(comparison);
}

/* -- Whatever the mappings ------------------------------------------------------------------ */

/* Disjoint, of random lengths and sorts. */
static void put_random(struct comparison *comparison, enum diff_then side, struct dice *dice)
{
	uint64_t at = dice_below(dice, 4), end;

	for (int i = 0; i < MOST; i++, at = end + dice_below(dice, 3)) {
		struct diff_item *item;

		end = at + 1 + dice_below(dice, 6);
		switch (dice_below(dice, 6)) {
		case 0:
			item = put_file(comparison, side, at, end, dice_below(dice, 2) ? at : 0);
			break;
		case 1:
			item = put_region(comparison, side, at, end, 50 + dice_below(dice, 200));
			item->region = 1 + (uint32_t)dice_below(dice, 3);
			item->remapped = dice_below(dice, 2);
			break;
		default:
			item = put(comparison, side, at, end);
			item->own = !dice_below(dice, 5);
			item->stack = (uint32_t)dice_below(dice, 3);
		}
		item->perms = dice_below(dice, 4) ? MAPS_READ : 0;
		item->figure[DIFF_RSS] = dice_below(dice, 1000);
	}
}

/* Each item is in the list of its change, once; the changes' figures are those of their items. */
static void holds(const struct comparison *comparison)
{
	uint64_t total[DIFF_SIDES] = {0};
	uint32_t listed = 0;

	for (uint32_t i = 0; i < comparison->changes.count; i++) {
		const struct diff_change *change = &comparison->changes.change[i];

		for (int side = 0; side < DIFF_SIDES; side++) {
			uint32_t count = 0, next = change->first[side], before = 0;

			for (; next; next = comparison->item[side][next - 1].next, count++) {
				assert_true(next > before);
				assert_int_equal(comparison->item[side][next - 1].change, i);
				before = next;
			}
			assert_int_equal(count, change->count[side]);
			listed += count;
			total[side] += change->figure[side][DIFF_RSS];
		}
	}
	assert_int_equal(listed, 2 * MOST);
	for (int side = 0; side < DIFF_SIDES; side++) {
		for (int i = 0; i < MOST; i++)
			total[side] -= comparison->item[side][i].figure[DIFF_RSS];
		assert_int_equal(total[side], 0);
	}
}

/* Old and new exchanged: what was together is together. */
static void holds_backwards(const struct comparison *there, const struct comparison *back)
{
	assert_int_equal(there->changes.count, back->changes.count);
	for (int i = 0; i < MOST; i++)
		for (int j = 0; j < MOST; j++)
			assert_int_equal(
				there->item[DIFF_OLD][i].change == there->item[DIFF_NEW][j].change,
				back->item[DIFF_NEW][i].change == back->item[DIFF_OLD][j].change);
}

static void sums_are_exact_and_directions_agree(void **state)
{
	struct dice dice = {20251122};

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct comparison *there = compared_by_address(), *back = compared_by_address();

		there->how.by_address = back->how.by_address = round % 2;
		put_random(there, DIFF_OLD, &dice);
		put_random(there, DIFF_NEW, &dice);
		for (int side = 0; side < DIFF_SIDES; side++) {
			memcpy(back->item[!side], there->item[side], sizeof(there->item[side]));
			back->items[!side].count = MOST;
			back->how.taken[!side] = there->how.taken[side];
		}
		match(there);
		match(back);
		holds(there);
		holds(back);
		holds_backwards(there, back);
		free_comparison(there);
		free_comparison(back);
	}
}

static void nothing_on_either_side(void **state)
{
	struct comparison *comparison = compared_by_address();

	(void)state;
	match(comparison);
	assert_int_equal(comparison->changes.count, 0);
	put(comparison, DIFF_NEW, 1, 2);
	match(comparison);
	is(comparison, &comparison->item[DIFF_NEW][0], "new", 0, 1);
	free_comparison(comparison);
}

static void the_largest_says_what_a_change_is_about(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_item *old;

	(void)state;
	put(comparison, DIFF_NEW, 10, 12)->stack = 5;
	put(comparison, DIFF_NEW, 20, 29)->stack = 5;
	put(comparison, DIFF_NEW, 30, 33)->stack = 5;
	old = put(comparison, DIFF_OLD, 40, 90);
	match(comparison);
	assert_ptr_equal(diff_change_item(&comparison->changes.change[0], comparison->items),
		&comparison->item[DIFF_NEW][1]);
	assert_ptr_equal(diff_change_item(&comparison->changes.change[1], comparison->items), old);
	free_comparison(comparison);
}

static void finding_by_address(void **state)
{
	struct comparison *comparison = compared_by_address();
	const struct diff_items *items = &comparison->items[DIFF_OLD];

	(void)state;
	assert_null(diff_items_past(items, 0));
	put(comparison, DIFF_OLD, 10, 20);
	put(comparison, DIFF_OLD, 30, 40);
	assert_ptr_equal(diff_items_past(items, 0), &items->item[0]);
	assert_ptr_equal(diff_items_past(items, 20 * PAGE - 1), &items->item[0]);
	assert_ptr_equal(diff_items_past(items, 20 * PAGE), &items->item[1]);
	assert_ptr_equal(diff_items_past(items, 39 * PAGE), &items->item[1]);
	assert_null(diff_items_past(items, 40 * PAGE));
	free_comparison(comparison);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_as_it_was_is_the_same),
		cmocka_unit_test(heap_grows_at_its_end_and_stack_at_its_start),
		cmocka_unit_test(what_lies_elsewhere_is_new_or_gone),
		cmocka_unit_test(two_that_became_one_are_merged),
		cmocka_unit_test(one_that_a_file_was_mapped_into_is_split),
		cmocka_unit_test(what_can_be_used_has_grown_out_of_what_was_kept_free),
		cmocka_unit_test(another_file_at_the_same_address_is_another),
		cmocka_unit_test(another_place_of_the_file_at_the_same_address_is_another),
		cmocka_unit_test(a_file_of_that_name_is_the_file_where_no_more_is_known),
		cmocka_unit_test(a_marker_is_that_marker_only),
		cmocka_unit_test(vmatlas_own_memory_is_never_the_programs),
		cmocka_unit_test(what_a_call_made_since_is_new),
		cmocka_unit_test(what_a_call_made_at_that_moment_is_new_where_it_was_not_there),
		cmocka_unit_test(parts_of_one_region_are_one_change),
		cmocka_unit_test(mremap_in_place_grows),
		cmocka_unit_test(mremap_moves_where_there_is_no_choice),
		cmocka_unit_test(of_two_that_went_nobody_knows_which_moved),
		cmocka_unit_test(a_file_that_is_found_elsewhere_has_moved),
		cmocka_unit_test(of_two_copies_of_a_file_nobody_knows_which_moved),
		cmocka_unit_test(what_one_call_stack_has_mapped_since_is_one_change),
		cmocka_unit_test(what_is_gone_and_what_is_new_stay_apart),
		cmocka_unit_test(other_addresses_same_purpose),
		cmocka_unit_test(stacks_are_known_by_their_threads_names),
		cmocka_unit_test(words),
		cmocka_unit_test(what_one_side_does_not_know_is_left_out),
		cmocka_unit_test(sums_are_exact_and_directions_agree),
		cmocka_unit_test(nothing_on_either_side),
		cmocka_unit_test(the_largest_says_what_a_change_is_about),
		cmocka_unit_test(finding_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
