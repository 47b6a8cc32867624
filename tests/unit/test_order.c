#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "dice.h"
#include "order.h"

/* The oracle: a value for each key of a small range, 0 where there is none. */
enum { KEYS = 2000, STEPS = 100000 };

struct model {
	uint32_t value[KEYS];
};

static uint32_t model_floor(const struct model *model, uint64_t key)
{
	for (uint64_t at = key + 1; at-- > 0;) {
		if (model->value[at])
			return model->value[at];
	}
	return 0;
}

static uint32_t model_above(const struct model *model, uint64_t key)
{
	for (uint64_t at = key + 1; at < KEYS; at++) {
		if (model->value[at])
			return model->value[at];
	}
	return 0;
}

static void change(struct order *order, struct model *model, uint64_t key, uint32_t value)
{
	if (model->value[key]) {
		order_remove(order, key);
		model->value[key] = 0;
	} else {
		assert_true(order_put(order, key, value));
		model->value[key] = value;
	}
}

static void random_changes_answer_like_an_array(void **state)
{
	struct order order = ORDER_EMPTY;
	struct dice dice = {42};
	static struct model model;

	(void)state;
	for (uint32_t step = 1; step <= STEPS; step++) {
		uint64_t asked = dice_below(&dice, KEYS);

		change(&order, &model, dice_below(&dice, KEYS), step);
		assert_int_equal(order_floor(&order, asked), model_floor(&model, asked));
		assert_int_equal(order_above(&order, asked), model_above(&model, asked));
	}
	/* Removed nodes served again: never more than keys. */
	assert_in_range(lane_count(&order.nodes), 1, KEYS);
}

static unsigned depth(const struct order *order, uint32_t id)
{
	const struct order_node *node;
	unsigned left, right;

	if (!id)
		return 0;
	node = lane_get(&order->nodes, id);
	left = depth(order, node->left);
	right = depth(order, node->right);
	return 1 + (left > right ? left : right);
}

/* 2 log2(n) is what a treap of random priorities has on average; three times log2 is room. */
static void assert_shallow(uint64_t first, uint64_t step, uint32_t count, unsigned most)
{
	struct order order = ORDER_EMPTY;

	for (uint32_t i = 0; i < count; i++)
		assert_true(order_put(&order, first + i * step, i + 1));
	assert_in_range(depth(&order, order.root), 1, most);
}

static void no_sequence_of_keys_makes_it_deep(void **state)
{
	(void)state;
	assert_shallow(0, 1, 65536, 48);
	assert_shallow(0x7f0000000000, 4096, 65536, 48);
	assert_shallow(0x7fffffff0000, (uint64_t)-4096, 65536, 48);
	assert_shallow(0x7f0000000000, 64 << 20, 65536, 48);
	assert_shallow(0, (uint64_t)1 << 32, 65536, 48);
}

static void an_empty_order_has_no_answers(void **state)
{
	struct order order = ORDER_EMPTY;

	(void)state;
	assert_int_equal(order_floor(&order, UINT64_MAX), 0);
	assert_int_equal(order_above(&order, 0), 0);
	order_remove(&order, 7);
	assert_true(order_put(&order, UINT64_MAX, 1));
	assert_int_equal(order_above(&order, UINT64_MAX), 0);
	assert_int_equal(order_floor(&order, UINT64_MAX), 1);
	assert_int_equal(order_floor(&order, UINT64_MAX - 1), 0);
	order_remove(&order, UINT64_MAX);
	assert_int_equal(order_floor(&order, UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_answer_like_an_array),
		cmocka_unit_test(no_sequence_of_keys_makes_it_deep),
		cmocka_unit_test(an_empty_order_has_no_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
