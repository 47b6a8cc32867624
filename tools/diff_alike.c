#include "diff_alike.h"

#include <stdlib.h>

#include "diff_key.h"

static bool has_purpose(const struct diff_item *item)
{
	return item->stack || item->label_length;
}

/* The roots of sets on that side alone; how many. */
static uint32_t pick(struct diff_sets *sets, enum diff_then side, const uint32_t *sides,
	struct diff_sets_keyed *keyed)
{
	uint32_t count = 0;

	for (uint32_t node = 0; node < sets->nodes; node++) {
		const struct diff_item *item = diff_sets_item(sets, node);

		if (diff_sets_root(sets, node) == node && sides[node] == 1u << side &&
			has_purpose(item))
			keyed[count++] = (struct diff_sets_keyed){item, node};
	}
	return count;
}

static int by_purpose(const void *left, const void *right)
{
	const struct diff_sets_keyed *a = left, *b = right;
	int order = diff_key_purpose(a->item, b->item);

	return order ? order : (a->node > b->node) - (a->node < b->node);
}

void diff_alike_unite(struct diff_sets *sets, struct diff_sets_keyed *keyed, uint32_t *numbers)
{
	diff_sets_find_sides(sets, numbers);
	for (int side = 0; side < DIFF_SIDES; side++) {
		uint32_t count = pick(sets, (enum diff_then)side, numbers, keyed);

		qsort(keyed, count, sizeof(*keyed), by_purpose);
		for (uint32_t i = 1; i < count; i++)
			if (!diff_key_purpose(keyed[i - 1].item, keyed[i].item))
				diff_sets_unite(sets, keyed[i - 1].node, keyed[i].node);
	}
}
