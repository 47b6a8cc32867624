/* order.h - an ordered index from 64-bit keys to record numbers.
 *
 * A treap: a search tree whose shape follows from a hash of each key, so that no order of
 * insertions makes it deep, and nothing needs rebalancing rules. Writers of the table that it
 * indexes use it under that table's lock; readers never do. */
#ifndef VMATLAS_ORDER_H
#define VMATLAS_ORDER_H

#include "core/lane.h"

#include <stdbool.h>
#include <stdint.h>

struct order_node {
	uint64_t key;
	uint32_t left, right; /* `right` links the free nodes, too */
	uint32_t value;
	uint32_t priority;
};

struct order {
	struct lane nodes; /* struct order_node */
	uint32_t root, spare;
};

#define ORDER_EMPTY                                                  \
	{                                                            \
		.nodes = {.record_size = sizeof(struct order_node) } \
	}

/* Adds the pair; false when there is no memory. The key must not be there yet. */
bool order_put(struct order *order, uint64_t key, uint32_t value);

/* Removes the pair with this key, if it is there. */
void order_remove(struct order *order, uint64_t key);

/* The value with the largest key <= `key`, or with the smallest key > `key`; 0 for none. */
uint32_t order_floor(const struct order *order, uint64_t key);
uint32_t order_above(const struct order *order, uint64_t key);

#endif
