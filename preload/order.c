#include "order.h"
#include "store.h"

static struct order_node *node_of(const struct order *order, uint32_t id)
{
	return lane_get(&order->nodes, id);
}

static uint32_t hash(uint64_t key)
{
	key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
	return (uint32_t)((key ^ key >> 33) * 0xc4ceb9fe1a85ec53u >> 32);
}

static uint32_t node_take(struct order *order)
{
	uint32_t id = order->spare;

	if (!id)
		return store_append(&order->nodes, UINT32_MAX - 1);
	order->spare = node_of(order, id)->right;
	return id;
}

/* Parts the tree at `id` into keys below `key` and the others. */
static void split(struct order *order, uint32_t id, uint64_t key, uint32_t *below, uint32_t *rest)
{
	while (id) {
		struct order_node *node = node_of(order, id);

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

	while (left && right) {
		struct order_node *a = node_of(order, left), *b = node_of(order, right);

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
	struct order_node *node;

	if (!id)
		return false;
	node = node_of(order, id);
	*node = (struct order_node){.key = key, .value = value, .priority = hash(key)};
	while (*place && node_of(order, *place)->priority >= node->priority) {
		struct order_node *next = node_of(order, *place);

		place = key < next->key ? &next->left : &next->right;
	}
	split(order, *place, key, &node->left, &node->right);
	*place = id;
	return true;
}

void order_remove(struct order *order, uint64_t key)
{
	uint32_t *place = &order->root, id;
	struct order_node *node;

	while (*place && node_of(order, *place)->key != key) {
		node = node_of(order, *place);
		place = key < node->key ? &node->left : &node->right;
	}
	id = *place;
	if (!id)
		return;
	node = node_of(order, id);
	*place = merge(order, node->left, node->right);
	node->right = order->spare;
	order->spare = id;
}

uint32_t order_floor(const struct order *order, uint64_t key)
{
	uint32_t id = order->root, found = 0;

	while (id) {
		const struct order_node *node = node_of(order, id);

		if (node->key <= key)
			found = node->value;
		id = node->key <= key ? node->right : node->left;
	}
	return found;
}

uint32_t order_above(const struct order *order, uint64_t key)
{
	uint32_t id = order->root, found = 0;

	while (id) {
		const struct order_node *node = node_of(order, id);

		if (node->key > key)
			found = node->value;
		id = node->key > key ? node->left : node->right;
	}
	return found;
}
