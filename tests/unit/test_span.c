#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "dice.h"
#include "span.h"

enum { ROOM = 200, ADDRESSES = 1000 };

struct list {
	struct span span[ROOM];
	struct spans spans;
};

static struct spans *begin(struct list *list)
{
	list->spans = (struct spans){.span = list->span, .room = ROOM};
	return &list->spans;
}

static void add(struct spans *spans, uint64_t start, uint64_t end)
{
	assert_true(spans_add(spans, (struct span){start, end, spans->count + 1, 0}));
}

static void overlapping_ones_are_put_apart(void **state)
{
	struct list list;
	struct spans *spans = begin(&list);

	(void)state;
	add(spans, 50, 60);
	add(spans, 10, 30);
	add(spans, 20, 40);
	add(spans, 12, 25); /* nothing is left of it */
	spans_order(spans);
	assert_int_equal(spans->count, 3);
	assert_int_equal(spans->span[1].start, 30);
	assert_int_equal(spans->span[1].end, 40);
	assert_int_equal(spans->span[1].id, 3);
}

static void empty_ones_are_none(void **state)
{
	struct list list;
	struct spans *spans = begin(&list);

	(void)state;
	add(spans, 10, 10);
	add(spans, 20, 10);
	spans_order(spans);
	assert_null(spans_past(spans, 0));
	assert_null(spans_holding(spans, 10));
}

static void what_does_not_fit_is_said(void **state)
{
	struct list list;
	struct spans *spans = begin(&list);

	(void)state;
	for (uint64_t i = 0; i < ROOM; i++)
		add(spans, i, i + 1);
	assert_false(spans_add(spans, (struct span){1, 2, 3, 0}));
}

static const struct span *hold_slowly(const struct spans *spans, uint64_t address)
{
	for (uint32_t i = 0; i < spans->count; i++) {
		if (spans->span[i].start <= address && address < spans->span[i].end)
			return &spans->span[i];
	}
	return NULL;
}

/* At random, beside a look at each. */
static void each_address_is_found_in_the_one_that_holds_it(void **state)
{
	struct dice dice = {5};
	struct list list;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct spans *spans = begin(&list);

		for (int i = 0; i < round; i++) {
			uint64_t start = dice_below(&dice, ADDRESSES);

			add(spans, start, start + dice_below(&dice, 30));
		}
		spans_order(spans);
		for (uint64_t address = 0; address < ADDRESSES + 40; address++) {
			const struct span *past;

			assert_ptr_equal(
				spans_holding(spans, address), hold_slowly(spans, address));
			past = spans_past(spans, address);
			assert_true(!past || past->end > address);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlapping_ones_are_put_apart),
		cmocka_unit_test(empty_ones_are_none),
		cmocka_unit_test(what_does_not_fit_is_said),
		cmocka_unit_test(each_address_is_found_in_the_one_that_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
