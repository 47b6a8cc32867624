#include "diff_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int diff_sets_make(struct diff_sets *sets, struct diff_items items[DIFF_SIDES],
	const struct diff_match_how *how)
{
	uint32_t nodes = items[DIFF_OLD].count + items[DIFF_NEW].count;

	*sets = (struct diff_sets){.items = items, .how = how, .nodes = nodes};
	sets->parent = calloc((size_t)nodes + 1, sizeof(*sets->parent));
	if (!sets->parent)
		return ENOMEM;
	for (uint32_t node = 0; node < nodes; node++)
		sets->parent[node] = node;
	return 0;
}

void diff_sets_free(struct diff_sets *sets)
{
	free(sets->parent);
}

struct diff_item *diff_sets_item(const struct diff_sets *sets, uint32_t node)
{
	uint32_t old = sets->items[DIFF_OLD].count;

	return node < old ? &sets->items[DIFF_OLD].item[node]
			  : &sets->items[DIFF_NEW].item[node - old];
}

enum diff_then diff_sets_side(const struct diff_sets *sets, uint32_t node)
{
	return node < sets->items[DIFF_OLD].count ? DIFF_OLD : DIFF_NEW;
}

uint32_t diff_sets_root(struct diff_sets *sets, uint32_t node)
{
	uint32_t *parent = sets->parent;

	while (parent[node] != node)
		node = parent[node] = parent[parent[node]];
	return node;
}

void diff_sets_unite(struct diff_sets *sets, uint32_t a, uint32_t b)
{
	a = diff_sets_root(sets, a);
	b = diff_sets_root(sets, b);
	/* The lower one stays: with the order of nodes, results do not depend on the way. */
	if (a < b)
		sets->parent[b] = a;
	else
		sets->parent[a] = b;
}

/* Whether it is of the same call as something that stood there on the other side. */
static bool was_there(const struct diff_items *others, const struct diff_item *item)
{
	for (uint32_t i = 0; i < others->count; i++) {
		const struct diff_item *other = &others->item[i];

		if (other->made == item->made && other->start < item->end &&
			other->end > item->start)
			return true;
	}
	return false;
}

/* Where the call's time leaves it open, what was there then decides. */
bool diff_sets_made_since(const struct diff_sets *sets, uint32_t node)
{
	enum diff_then other = diff_sets_side(sets, node) == DIFF_NEW ? DIFF_OLD : DIFF_NEW;
	const struct diff_item *item = diff_sets_item(sets, node);
	uint64_t taken = sets->how->taken[other];

	if (!taken || !item->made || item->made + sets->how->lag <= taken)
		return false;
	return item->made > taken || !was_there(&sets->items[other], item);
}

void diff_sets_find_sides(struct diff_sets *sets, uint32_t *sides)
{
	memset(sides, 0, sets->nodes * sizeof(*sides));
	for (uint32_t node = 0; node < sets->nodes; node++)
		sides[diff_sets_root(sets, node)] |= 1u << diff_sets_side(sets, node);
}
