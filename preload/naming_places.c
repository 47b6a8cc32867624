#include "naming_places.h"

#include <stdbool.h>

static bool before(const struct naming_place *a, const struct naming_place *b)
{
	return a->module != b->module ? a->module < b->module : a->pc < b->pc;
}

static void sift(struct naming_place *place, size_t at, size_t count)
{
	struct naming_place moved = place[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && before(&place[child], &place[child + 1]))
			child++;
		if (!before(&moved, &place[child]))
			break;
		place[at] = place[child];
		at = child;
	}
	place[at] = moved;
}

/* Heapsort: in place, no recursion on a stack that may be small, and no order that makes it slow.
 */
static void sort(struct naming_place *place, size_t count)
{
	struct naming_place last;

	for (size_t i = count / 2; i-- > 0;)
		sift(place, i, count);
	for (size_t i = count; i-- > 1;) {
		last = place[i];
		place[i] = place[0];
		place[0] = last;
		sift(place, 0, i);
	}
}

void naming_places_settle(struct naming_places *places)
{
	size_t kept = 0;

	sort(places->place, places->count);
	for (size_t i = 0; i < places->count; i++) {
		if (kept == 0 || before(&places->place[kept - 1], &places->place[i]))
			places->place[kept++] = places->place[i];
	}
	places->count = kept;
}

/* Room again, if enough of them were there twice. Where not, this was the last time: sorting for a
 * few more places each time would take for ever. */
static bool make_room(struct naming_places *places)
{
	naming_places_settle(places);
	if (places->count > places->room - places->room / 4)
		places->room = places->count;
	return places->count < places->room;
}

/* Whether it was seen lately. Forgets another one for it. */
static bool is_known(struct naming_places *places, uint64_t pc, uint32_t module)
{
	/* Fibonacci hashing: 2^64 divided by the golden ratio. */
	uint64_t hash = (pc ^ module) * 0x9e3779b97f4a7c15u;
	struct naming_lately *lately = &places->lately[(hash >> 32) % NAMING_LATELY];

	if (lately->pc == pc && lately->module == module)
		return true;
	*lately = (struct naming_lately){pc, module};
	return false;
}

void naming_places_add(struct naming_places *places, uint64_t pc, uint32_t module)
{
	if (is_known(places, pc, module))
		return;
	if (places->count == places->room && !make_room(places)) {
		places->lost++;
		return;
	}
	places->place[places->count++] = (struct naming_place){.pc = pc, .module = module};
}

struct naming_place *naming_places_find(
	const struct naming_places *places, uint64_t pc, uint32_t module)
{
	struct naming_place wanted = {.pc = pc, .module = module};
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before(&places->place[middle], &wanted))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == places->count || before(&wanted, &places->place[low]))
		return NULL;
	return &places->place[low];
}
