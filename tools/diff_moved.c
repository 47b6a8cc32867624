#include "diff_moved.h"

#include <stdlib.h>
#include <string.h>

#include "diff_key.h"

/* -- Files --------------------------------------------------------------------------------- */

static int by_file(const void *left, const void *right)
{
	const struct diff_sets_keyed *a = left, *b = right;
	int order = diff_key_file(a->item, b->item);

	return order ? order : (a->node > b->node) - (a->node < b->node);
}

/* By root: how many items its set has. */
static void count_members(struct diff_sets *sets, uint32_t *members)
{
	memset(members, 0, sets->nodes * sizeof(*members));
	for (uint32_t node = 0; node < sets->nodes; node++)
		members[diff_sets_root(sets, node)]++;
}

/* The items of files that belong to nothing on the other side; how many. */
static uint32_t pick_lonely_files(
	struct diff_sets *sets, struct diff_sets_keyed *keyed, const uint32_t *members)
{
	uint32_t count = 0;

	for (uint32_t node = 0; node < sets->nodes; node++) {
		struct diff_item *item = diff_sets_item(sets, node);

		if (members[diff_sets_root(sets, node)] == 1 && item->inode && item->located)
			keyed[count++] = (struct diff_sets_keyed){item, node};
	}
	return count;
}

static bool same_file(const struct diff_sets_keyed *keyed, uint32_t a, uint32_t b, uint32_t count)
{
	return a < count && b < count && !diff_key_file(keyed[a].item, keyed[b].item);
}

/* A file that is mapped once on either side, elsewhere: which of several went where, nobody can
 * tell. */
static void unite_moved_files(
	struct diff_sets *sets, struct diff_sets_keyed *keyed, const uint32_t *members)
{
	uint32_t count = pick_lonely_files(sets, keyed, members);
	uint32_t next;

	qsort(keyed, count, sizeof(*keyed), by_file);
	for (uint32_t i = 0; i < count; i = next) {
		for (next = i + 1; same_file(keyed, i, next, count);)
			next++;
		if (next == i + 2 && diff_sets_side(sets, keyed[i].node) !=
					     diff_sets_side(sets, keyed[i + 1].node))
			diff_sets_unite(sets, keyed[i].node, keyed[i + 1].node);
	}
}

/* -- Anonymous memory ----------------------------------------------------------------------- */

/* Sets that have nothing on the other side: how many, and one of them. */
struct lonely {
	uint32_t count[DIFF_SIDES];
	uint32_t node[DIFF_SIDES];
};

/* Of what calls have mapped, that counts which may have become another on the other side: `made`
 * is the side on which mremap has made it since. */
static bool may_have_moved(const struct diff_sets *sets, uint32_t node, enum diff_then made)
{
	const struct diff_item *item = diff_sets_item(sets, node);

	if (!item->region || item->inode)
		return false;
	return diff_sets_side(sets, node) != made ||
	       (item->remapped && diff_sets_made_since(sets, node));
}

/* mremap does not say where memory was before; where one thing went and it made one, there is no
 * choice. */
static void unite_remapped(struct diff_sets *sets, const uint32_t *sides, enum diff_then made)
{
	struct lonely lonely = {.count = {0}};

	for (uint32_t node = 0; node < sets->nodes; node++) {
		enum diff_then side = diff_sets_side(sets, node);

		if (diff_sets_root(sets, node) != node || sides[node] != 1u << side ||
			!may_have_moved(sets, node, made))
			continue;
		lonely.count[side]++;
		lonely.node[side] = node;
	}
	if (lonely.count[DIFF_OLD] == 1 && lonely.count[DIFF_NEW] == 1)
		diff_sets_unite(sets, lonely.node[DIFF_OLD], lonely.node[DIFF_NEW]);
}

void diff_moved_unite(struct diff_sets *sets, struct diff_sets_keyed *keyed, uint32_t *numbers)
{
	count_members(sets, numbers);
	unite_moved_files(sets, keyed, numbers);
	diff_sets_find_sides(sets, numbers);
	unite_remapped(sets, numbers, DIFF_NEW);
	diff_sets_find_sides(sets, numbers);
	unite_remapped(sets, numbers, DIFF_OLD);
}
