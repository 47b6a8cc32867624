/* recall.h - call stacks met lately, known again by where they were asked for.
 *
 * A program that allocates in turn from a few places below the same outer frames has the last call
 * stack seldom, and one of the last few nearly always (999 times of 1,000 in sqlite3, 87 of 100 in
 * python3). Each of these is kept as its innermost and outermost fresh level, and the words of the
 * stack that led from the one to the other; it stands on the level below, which is among those of
 * the last walk. Where place, words and that level are unchanged, a walk would go the same way: see
 * levels.h. */
#ifndef VMATLAS_RECALL_H
#define VMATLAS_RECALL_H

#include "levels.h"

#include <string.h>

enum {
	/* Different ways often come to the same place: through a wrapper around malloc. Of
	 * python3's allocations are walked 25, 16 and 8 of 100 with 64 places in sets of one, 128
	 * of two, 128 of four. */
	RECALL_SETS_BITS = 5,
	RECALL_WAYS = 4,
	/* Of 4 to 7 fresh frames; then a place is three lines of the cache. */
	RECALL_WORDS = 12,
};

struct recall_place {
	struct levels_level leaf, base;
	uint32_t kept; /* how many levels there are up to the base; 0: the place is empty */
	struct levels_word word[RECALL_WORDS]; /* outermost first */
	uintptr_t window; /* theirs then; if they were cut, the call stack was as deep as may be */
};

/* One thread's; all zeros is a good start. */
struct recall {
	struct recall_set {
		struct recall_place way[RECALL_WAYS];
	} set[1 << RECALL_SETS_BITS];
	uint32_t oldest; /* the next way to be written over, in any set */
};

static inline struct recall_set *recall_set(struct recall *recall, uint64_t key, uintptr_t sp)
{
	return &recall->set[(key ^ sp << 20) * 0x9e3779b97f4a7c15u >> (64 - RECALL_SETS_BITS)];
}

/* How many words the place has; more than it can hold where it was written over. */
static inline int recall_words(const struct recall_place *place)
{
	return place->leaf.words - place->base.words;
}

/* Whether the words of the place are as they were, on a tall ground. */
static inline bool recall_stands(const struct recall_place *place, uintptr_t base)
{
	const struct levels_word *word = place->word;
	int count = recall_words(place);

	if (count > RECALL_WORDS)
		return false;
	for (; count >= 4; count -= 4) {
		if (!levels_stands(word + count - 1, base) ||
			!levels_stands(word + count - 2, base) ||
			!levels_stands(word + count - 3, base) ||
			!levels_stands(word + count - 4, base))
			return false;
	}
	while (count-- > 0) {
		if (!levels_stands(word + count, base))
			return false;
	}
	return true;
}

/* Whether a walk at sp could have read them all: see levels_lies. */
static inline bool recall_lies(
	const struct recall_place *place, const struct ground *ground, uintptr_t sp)
{
	int count = recall_words(place);

	if (count > RECALL_WORDS)
		return false;
	while (count-- > 0) {
		if (!levels_lies(ground_address(ground->base, place->word[count].at), sp,
			    ground->stacks.current.high))
			return false;
	}
	return true;
}

static inline bool recall_same(const struct levels_level *a, const struct levels_level *b)
{
	return a->key == b->key && a->sp == b->sp && a->bp == b->bp && a->frame == b->frame &&
	       a->words == b->words && a->needs_bp == b->needs_bp;
}

/* Whether the walk that begins with these registers would come to the place's call stack. */
static inline __attribute__((always_inline)) bool recall_is(const struct recall_place *place,
	const struct levels *levels, uint64_t key, uintptr_t sp, uintptr_t bp,
	const struct ground *ground, bool tall)
{
	uint32_t kept = place->kept;

	return kept && levels_is(&place->leaf, key, sp, bp) && levels_count(levels) >= kept &&
	       place->window == levels->window &&
	       recall_same(&place->base, &levels->level[kept - 1]) &&
	       (tall || recall_lies(place, ground, sp)) && recall_stands(place, ground->base) &&
	       levels_hold(levels, levels_words(&place->base), ground, sp, tall);
}

/* The number of that call stack, 0 where none is known again. `tall` is the ground's, where that is
 * known. Under the guard. */
static inline __attribute__((always_inline)) uint32_t recall_find(struct recall *recall,
	const struct levels *levels, uint64_t key, uintptr_t sp, uintptr_t bp,
	const struct ground *ground, bool tall)
{
	const struct recall_place *way = recall_set(recall, key, sp)->way;

	for (int i = 0; i < RECALL_WAYS; i++) {
		if (recall_is(&way[i], levels, key, sp, bp, ground, tall))
			return way[i].leaf.frame;
	}
	return 0;
}

/* Whether all words between the base and the leaf fit the place, which has them now. */
static inline bool recall_copy(struct recall_place *place, const struct levels *levels)
{
	const struct levels_word *first = levels->word + levels_words(&place->base);
	int count = recall_words(place);

	if (count > RECALL_WORDS)
		return false;
	if (count > 0)
		memcpy(place->word, first, (size_t)count * sizeof *first);
	return true;
}

/* Keeps the call stack that the levels are, whose first `kept` were there before. The place is
 * empty meanwhile, should a handler longjmp away. Under the guard. */
static inline void recall_add(struct recall *recall, const struct levels *levels, uint32_t kept)
{
	const struct levels_level *leaf = &levels->level[levels_count(levels) - 1];
	struct recall_set *set = recall_set(recall, leaf->key, leaf->sp);
	struct recall_place *place = &set->way[recall->oldest++ % RECALL_WAYS];

	place->kept = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->leaf = *leaf;
	place->base = levels->level[kept - 1];
	place->window = levels->window;
	if (!recall_copy(place, levels))
		return;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->kept = kept;
}

#endif
