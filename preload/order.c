#include "order.h"
#include "store.h"

/* The program may have written over the nodes: numbers that lead nowhere end a search, and one of
 * more steps goes in a circle (a tree of 4 billion nodes is some 70 deep). */
enum { STEPS_MOST = 1000 };

/* NULL for 0 and for what is no node. */
static struct order_node *node_of(const struct order *order, uint32_t id)
{
	return lane_find(&order->nodes, id);
}

static uint32_t hash(uint64_t key)
{
	key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
	return (uint32_t)((key ^ key >> 33) * 0xc4ceb9fe1a85ec53u >> 32);
}

static uint32_t node_take(struct order *order)
{
	struct order_node *spare = node_of(order, order->spare);
	uint32_t id = order->spare;

	if (!spare)
		return store_append(&order->nodes, UINT32_MAX - 1);
	order->spare = spare->right;
	return id;
}

/* Parts the tree at `id` into keys below `key` and the others. */
static void split(struct order *order, uint32_t id, uint64_t key, uint32_t *below, uint32_t *rest)
{
	struct order_node *node;

	for (int step = 0; step < STEPS_MOST && (node = node_of(order, id)); step++) {
		if (node->key < key) {
			*below = id;
			below = &node->right;
			id = node->right;
		} else {
			*rest = id;
			rest = &node->left;
			id = node->left;
		}
	}
	*below = 0;
	*rest = 0;
}

/* One tree of two, of which the left one holds the smaller keys. */
static uint32_t merge(struct order *order, uint32_t left, uint32_t right)
{
	uint32_t root = 0, *place = &root;
	struct order_node *a, *b;

	for (int step = 0; step < STEPS_MOST; step++) {
		a = node_of(order, left);
		b = node_of(order, right);
		if (!a || !b)
			break;
		if (a->priority > b->priority) {
			*place = left;
			place = &a->right;
			left = a->right;
		} else {
			*place = right;
			place = &b->left;
			right = b->left;
		}
	}
	*place = left ? left : right;
	return root;
}

bool order_put(struct order *order, uint64_t key, uint32_t value)
{
	uint32_t id = node_take(order), *place = &order->root;
	struct order_node *node, *next;

	if (!id)
		return false;
	node = node_of(order, id);
	*node = (struct order_node){.key = key, .value = value, .priority = hash(key)};
	for (int step = 0; step < STEPS_MOST && (next = node_of(order, *place)); step++) {
		if (next->priority < node->priority)
			break;
		place = key < next->key ? &next->left : &next->right;
	}
	split(order, *place, key, &node->left, &node->right);
	*place = id;
	return true;
}

void order_remove(struct order *order, uint64_t key)
{
	uint32_t *place = &order->root, id;
	struct order_node *node = node_of(order, *place);

	for (int step = 0; node && node->key != key; step++) {
		place = key < node->key ? &node->left : &node->right;
		node = step < STEPS_MOST ? node_of(order, *place) : NULL;
	}
	if (!node)
		return;
	id = *place;
	*place = merge(order, node->left, node->right);
	node->right = order->spare;
	order->spare = id;
}

uint32_t order_floor(const struct order *order, uint64_t key)
{
	const struct order_node *node = node_of(order, order->root);
	uint32_t found = 0;

	for (int step = 0; node && step < STEPS_MOST; step++) {
		if (node->key <= key)
			found = node->value;
		node = node_of(order, node->key <= key ? node->right : node->left);
	}
	return found;
}

uint32_t order_above(const struct order *order, uint64_t key)
{
	const struct order_node *node = node_of(order, order->root);
	uint32_t found = 0;

	for (int step = 0; node && step < STEPS_MOST; step++) {
		if (node->key > key)
			found = node->value;
		node = node_of(order, node->key > key ? node->left : node->right);
	}
	return found;
}
