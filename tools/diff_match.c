#include "diff_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff_alike.h"
#include "diff_key.h"
#include "diff_moved.h"
#include "diff_sets.h"

/* -- By address ----------------------------------------------------------------------------- */

/* mremap moves and grows what was there: that stays what it is. */
static bool is_another(const struct diff_sets *sets, uint32_t node)
{
	return diff_sets_made_since(sets, node) && !diff_sets_item(sets, node)->remapped;
}

static void unite_overlapping(struct diff_sets *sets)
{
	const struct diff_items *old = &sets->items[DIFF_OLD];
	const struct diff_items *new = &sets->items[DIFF_NEW];
	uint32_t i = 0, j = 0;

	while (i < old->count && j < new->count) {
		const struct diff_item *a = &old->item[i], *b = &new->item[j];

		if (a->start < b->end && b->start < a->end && diff_key_same_memory(a, b) &&
			!is_another(sets, i) && !is_another(sets, old->count + j))
			diff_sets_unite(sets, i, old->count + j);
		if (a->end <= b->end)
			i++;
		if (b->end <= a->end)
			j++;
	}
}

/* What the program has given different protections is one thing all the same, but for addresses
 * that it only keeps free: what it takes into use of these has grown. */
static void unite_regions(struct diff_sets *sets)
{
	for (uint32_t node = 1; node < sets->nodes; node++) {
		const struct diff_item *below = diff_sets_item(sets, node - 1);
		const struct diff_item *item = diff_sets_item(sets, node);

		if (item->region && item->region == below->region &&
			diff_sets_side(sets, node - 1) == diff_sets_side(sets, node) &&
			diff_key_same_substance(below, item))
			diff_sets_unite(sets, node - 1, node);
	}
}

/* -- By what they are for ------------------------------------------------------------------- */

static int by_purpose(const void *left, const void *right)
{
	const struct diff_sets_keyed *a = left, *b = right;
	int order = diff_key_purpose(a->item, b->item);

	return order ? order : (a->node > b->node) - (a->node < b->node);
}

static void unite_purposes(struct diff_sets *sets, struct diff_sets_keyed *keyed)
{
	for (uint32_t node = 0; node < sets->nodes; node++)
		keyed[node] = (struct diff_sets_keyed){diff_sets_item(sets, node), node};
	qsort(keyed, sets->nodes, sizeof(*keyed), by_purpose);
	for (uint32_t i = 1; i < sets->nodes; i++)
		if (!diff_key_purpose(keyed[i - 1].item, keyed[i].item))
			diff_sets_unite(sets, keyed[i - 1].node, keyed[i].node);
}

/* -- Changes -------------------------------------------------------------------------------- */

static int by_start(const void *left, const void *right)
{
	const struct diff_sets_keyed *a = left, *b = right;

	if (a->item->start != b->item->start)
		return (a->item->start > b->item->start) - (a->item->start < b->item->start);
	return (a->node > b->node) - (a->node < b->node);
}

/* The set's change, a new one where it has none yet; numbers from 1 stand in number[]. */
static struct diff_change *change_of(
	struct diff_sets *sets, struct diff_changes *changes, uint32_t node, uint32_t *number)
{
	uint32_t root = diff_sets_root(sets, node);

	if (!number[root])
		number[root] = ++changes->count;
	diff_sets_item(sets, node)->change = number[root] - 1;
	return &changes->change[number[root] - 1];
}

/* From high addresses to low, each item comes before those that are in the list already. */
static void link_item(struct diff_sets *sets, struct diff_changes *changes, uint32_t node)
{
	struct diff_item *item = diff_sets_item(sets, node);
	enum diff_then side = diff_sets_side(sets, node);
	struct diff_change *change = &changes->change[item->change];

	item->next = change->first[side];
	change->first[side] = (uint32_t)(item - sets->items[side].item) + 1;
	change->count[side]++;
	for (int i = 0; i < DIFF_FIGURES; i++)
		if (!(sets->how->unknown >> i & 1))
			change->figure[side][i] += item->figure[i];
}

static void make_changes(struct diff_sets *sets, struct diff_changes *changes,
	struct diff_sets_keyed *keyed, uint32_t *number)
{
	memset(number, 0, sets->nodes * sizeof(*number));
	for (uint32_t node = 0; node < sets->nodes; node++)
		keyed[node] = (struct diff_sets_keyed){diff_sets_item(sets, node), node};
	qsort(keyed, sets->nodes, sizeof(*keyed), by_start);
	for (uint32_t i = 0; i < sets->nodes; i++)
		change_of(sets, changes, keyed[i].node, number);
	for (uint32_t i = sets->nodes; i-- > 0;)
		link_item(sets, changes, keyed[i].node);
}

static bool has_moved(const struct diff_change *change, const struct diff_items *items)
{
	const struct diff_item *old, *new;

	if (change->count[DIFF_OLD] != 1 || change->count[DIFF_NEW] != 1)
		return false;
	old = &items[DIFF_OLD].item[change->first[DIFF_OLD] - 1];
	new = &items[DIFF_NEW].item[change->first[DIFF_NEW] - 1];
	return old->end <= new->start || new->end <= old->start;
}

static void match(struct diff_sets *sets, struct diff_changes *changes,
	struct diff_sets_keyed *keyed, uint32_t *numbers)
{
	if (sets->how->by_address) {
		unite_overlapping(sets);
		unite_regions(sets);
		diff_moved_unite(sets, keyed, numbers);
		diff_alike_unite(sets, keyed, numbers);
	} else {
		unite_purposes(sets, keyed);
	}
	make_changes(sets, changes, keyed, numbers);
	for (uint32_t i = 0; sets->how->by_address && i < changes->count; i++)
		changes->change[i].moved = has_moved(&changes->change[i], sets->items);
}

int diff_match(struct diff_changes *changes, struct diff_items items[DIFF_SIDES],
	const struct diff_match_how *how)
{
	struct diff_sets sets;
	int error = diff_sets_make(&sets, items, how);
	uint32_t *numbers = calloc((size_t)sets.nodes + 1, sizeof(*numbers));
	struct diff_sets_keyed *keyed = calloc((size_t)sets.nodes + 1, sizeof(*keyed));

	changes->change = calloc((size_t)sets.nodes + 1, sizeof(*changes->change));
	changes->count = 0;
	if (!numbers || !keyed || !changes->change)
		error = ENOMEM;
	if (!error)
		match(&sets, changes, keyed, numbers);
	free(numbers);
	free(keyed);
	diff_sets_free(&sets);
	return error;
}
