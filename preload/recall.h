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
	bool cut;      /* as levels.cut then; if so, the call stack was as deep as may be */
	uint16_t at[RECALL_WORDS]; /* bytes above leaf.sp, below base.sp; outermost first */
	uintptr_t value[RECALL_WORDS];
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

static inline bool recall_word_stands(const struct recall_place *place, int i)
{
	return *(const uintptr_t *)(place->leaf.sp + place->at[i]) == place->value[i];
}

/* Whether the words of the place are as they were. All lie between its two levels. */
static inline bool recall_stands(const struct recall_place *place)
{
	int count = place->leaf.words - place->base.words;

	if (count > RECALL_WORDS)
		return false; /* written over */
	for (; count >= 4; count -= 4) {
		if (!recall_word_stands(place, count - 1) ||
			!recall_word_stands(place, count - 2) ||
			!recall_word_stands(place, count - 3) ||
			!recall_word_stands(place, count - 4))
			return false;
	}
	while (count-- > 0) {
		if (!recall_word_stands(place, count))
			return false;
	}
	return true;
}

static inline bool recall_same(const struct levels_level *a, const struct levels_level *b)
{
	return a->key == b->key && a->sp == b->sp && a->bp == b->bp && a->frame == b->frame &&
	       a->words == b->words && a->needs_bp == b->needs_bp;
}

/* Whether the walk that begins with these registers, on a stack that ends at `high`, would come to
 * the place's call stack. */
static inline bool recall_is(const struct recall_place *place, const struct levels *levels,
	uint64_t key, uintptr_t sp, uintptr_t bp, uintptr_t high)
{
	uint32_t kept = place->kept;

	return kept && levels_is(&place->leaf, key, sp, bp) && levels_count(levels) >= kept &&
	       place->cut == levels->cut && recall_same(&place->base, &levels->level[kept - 1]) &&
	       place->base.sp <= high && recall_stands(place) &&
	       levels_pass(levels, levels_words(&place->base)) == 0;
}

/* The number of that call stack, 0 where none is known again. Under the guard. */
static inline uint32_t recall_find(struct recall *recall, const struct levels *levels, uint64_t key,
	uintptr_t sp, uintptr_t bp, uintptr_t high)
{
	const struct recall_place *way = recall_set(recall, key, sp)->way;

	for (int i = 0; i < RECALL_WAYS; i++) {
		if (recall_is(&way[i], levels, key, sp, bp, high))
			return way[i].leaf.frame;
	}
	return 0;
}

/* Whether all words between the base and the leaf fit the place, which has them now. */
static inline bool recall_copy(struct recall_place *place, const struct levels *levels)
{
	const struct levels_word *word = levels->word + levels_words(&place->base);
	uint32_t count = place->leaf.words - place->base.words;
	uintptr_t sp = place->leaf.sp, reach = place->base.sp - sp;

	if (count > RECALL_WORDS || reach > UINT16_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (word[i].at - sp >= reach)
			return false;
		place->at[i] = (uint16_t)(word[i].at - sp);
		place->value[i] = word[i].value;
	}
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
	place->cut = levels->cut;
	if (!recall_copy(place, levels))
		return;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->kept = kept;
}

#endif
