/* levels.h - the last call stack of a thread, level by level, to be taken up again.
 *
 * From one allocation to the next most outer frames stay. Each level remembers where its frame
 * was and which words of the stack the step out of it read, with their values. Where a later walk
 * arrives at the same program counter, rsp and (if anything depends on it) rbp, and all words from
 * there outward are unchanged, the rest of the walk must go the same way: it follows from nothing
 * else. So this is exact, and comparing is several times faster than walking.
 *
 * A word is named by 16 bits above the ground's base, so that no damage done to a level leads
 * elsewhere (ground.h). What has no name, as a word 512 KiB below the outermost frame, ends the
 * levels: further in each frame is walked each time. */
#ifndef VMATLAS_LEVELS_H
#define VMATLAS_LEVELS_H

#include "ground.h"
#include "walk.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEVELS_MAX = 256, LEVELS_WORDS = 3 * LEVELS_MAX, LEVELS_BELOW = 128 };

struct levels_level {
	uint64_t key; /* layout_key */
	uintptr_t sp;
	uintptr_t bp; /* 0 where the walk from here does not depend on it */
	uint32_t frame;
	uint16_t words;    /* of this level and those further out */
	uint16_t needs_bp; /* whether it does */
};

/* A word of the stack. Ten bytes each: the more of them fit a line of the cache. */
struct levels_word {
	uintptr_t value;
	uint16_t at;
} __attribute__((packed));

/* One thread's; all zeros is a good start. */
struct levels {
	uint32_t
		count; /* outermost first; 0 while it is rewritten, should a handler longjmp away */
	/* The base that the words are named from, and whether LEVELS_CUT; what recall.h keeps is of
	 * these levels only where it has the same. */
	uintptr_t window;
	struct levels_level level[LEVELS_MAX];
	struct levels_word word[LEVELS_WORDS]; /* in the order of the levels that read them */
};

/* The outermost level is not the end of the call stack. */
enum { LEVELS_CUT = 1 };

/* These two numbers lead on from here, and the program may have written over them: whatever they
 * are, they stay within what follows in struct callstack. */
static inline uint32_t levels_count(const struct levels *levels)
{
	return levels->count & (2 * LEVELS_MAX - 1);
}

static inline uint32_t levels_words(const struct levels_level *level)
{
	return level->words & (4 * LEVELS_MAX - 1);
}

static inline bool levels_stands(const struct levels_word *word, uintptr_t base)
{
	return *(const uintptr_t *)ground_address(base, word->at) == word->value;
}

/* Whether the first `count` words are as they were, on a tall ground. Innermost first: what lies
 * behind a word that has changed may be another call stack's. Eight at a time, for this is where
 * most of an allocation's instructions are. */
static inline __attribute__((always_inline)) bool levels_stand(
	const struct levels *levels, uint32_t count, uintptr_t base)
{
	const struct levels_word *first = levels->word, *word = first + count;

	for (; word >= first + 8; word -= 8) {
		if (!(levels_stands(word - 1, base) && levels_stands(word - 2, base) &&
			    levels_stands(word - 3, base) && levels_stands(word - 4, base) &&
			    levels_stands(word - 5, base) && levels_stands(word - 6, base) &&
			    levels_stands(word - 7, base) && levels_stands(word - 8, base)))
			return false;
	}
	while (word > first) {
		if (!levels_stands(--word, base))
			return false;
	}
	return true;
}

/* Whether a walk at sp, on a stack that ends at `high`, could have read that word. Below sp by a
 * little: code that was interrupted behind its last pop. */
static inline bool levels_lies(uintptr_t address, uintptr_t sp, uintptr_t high)
{
	return address - sp + LEVELS_BELOW < high - sp + LEVELS_BELOW - (sizeof address - 1);
}

/* How many of the first `count` words are left when those that stand are passed, innermost first,
 * in a walk at sp. `tall` is the ground's, where that is known: to look whether each word lies
 * there makes a malloc and free of 35 frames 27 % more instructions, of 97 frames 41 %. */
static inline __attribute__((always_inline)) uint32_t levels_pass(const struct levels *levels,
	uint32_t count, const struct ground *ground, uintptr_t sp, bool tall)
{
	const struct levels_word *first = levels->word, *word = first + count;
	uintptr_t base = ground->base, high = ground->stacks.current.high;

	while (word > first && (tall || levels_lies(ground_address(base, word[-1].at), sp, high)) &&
		levels_stands(word - 1, base))
		word--;
	return (uint32_t)(word - first);
}

/* Whether the first `count` words are as they were. `tall` is the ground's, where that is known. */
static inline __attribute__((always_inline)) bool levels_hold(const struct levels *levels,
	uint32_t count, const struct ground *ground, uintptr_t sp, bool tall)
{
	return tall ? levels_stand(levels, count, ground->base)
		    : levels_pass(levels, count, ground, sp, false) == 0;
}

/* How many of the outer `count` levels are untouched: `count` if the words of all are as they were,
 * else those further out than the innermost level of whose words one has changed. */
static inline uint32_t levels_verify(
	const struct levels *levels, uint32_t count, const struct ground *ground, uintptr_t sp)
{
	uint32_t words = levels_words(&levels->level[count - 1]);
	uint32_t left = ground->tall ? levels_pass(levels, words, ground, sp, true)
				     : levels_pass(levels, words, ground, sp, false);

	if (left == 0)
		return count;
	do
		count--;
	while (count > 0 && levels->level[count - 1].words >= left);
	return count;
}

/* Goes outward among the first `count` levels as far as a walk at sp must, and returns how many are
 * left; the innermost of them is the only one that can be where the walk is. */
static inline uint32_t levels_seek(const struct levels *levels, uint32_t count, uintptr_t sp)
{
	while (count > 0 && levels->level[count - 1].sp < sp)
		count--;
	return count;
}

/* Whether a walk with these registers is where the level is. */
static inline bool levels_is(
	const struct levels_level *level, uint64_t key, uintptr_t sp, uintptr_t bp)
{
	return level->sp == sp && level->key == key && (level->bp == bp || !level->needs_bp);
}

/* Whether the innermost of the first `count` levels is where the walk is. */
static inline bool levels_meet(
	const struct levels *levels, uint32_t count, uint64_t key, uintptr_t sp, uintptr_t bp)
{
	return count > 0 && levels_is(&levels->level[count - 1], key, sp, bp);
}

/* The number of the call stack where a walk begins with these registers, if it is the last one
 * again; else 0. */
static inline __attribute__((always_inline)) uint32_t levels_again(const struct levels *levels,
	uint64_t key, uintptr_t sp, uintptr_t bp, const struct ground *ground, bool tall)
{
	uint32_t count = levels_count(levels);
	const struct levels_level *last = levels->level + count - 1;

	return levels_meet(levels, count, key, sp, bp) &&
			       levels_hold(levels, levels_words(last), ground, sp, tall)
		       ? last->frame
		       : 0;
}

/* Where the next level goes, inside of those that are kept. */
struct levels_end {
	struct levels_level *level;
	struct levels_word *word;
	uintptr_t base, names; /* all that words were given, in one */
	uint32_t words;
	bool needs_bp; /* the walk from the level before depends on rbp */
};

static inline struct levels_end levels_end(struct levels *levels, uint32_t kept, uintptr_t base)
{
	const struct levels_level *last = levels->level + kept - 1;
	uint32_t words = kept ? levels_words(last) : 0;

	return (struct levels_end){
		levels->level + kept, levels->word + words, base, 0, words, kept && last->needs_bp};
}

static inline void levels_note(struct levels_end *end, uintptr_t address, uintptr_t value)
{
	uintptr_t name;

	if (!address)
		return;
	name = ground_name(end->base, address);
	end->names |= name;
	end->word->value = value;
	end->word++->at = (uint16_t)name;
	end->words++;
}

/* Adds a level: the frame that was stepped out of, and the place that the step led to (which is
 * not a level where the walk ended there); none where a word has no name, and none further in. The
 * words fit by construction: a step reads three at most. rbp that nothing further out depends on is
 * left out: it is often just a number that the program counts with, and comparing it would find
 * differences that make none. */
static inline void levels_add(struct levels_end *end, const struct walk_frame *frame,
	const struct walk_frame *outer, uint32_t number)
{
	struct walk_slots read = walk_slots(frame, outer);

	levels_note(end, read.pc_at, (uintptr_t)(outer->key >> 1));
	levels_note(end, read.sp_at, outer->sp);
	if (end->needs_bp)
		levels_note(end, read.bp_at, outer->bp);
	end->needs_bp = LAYOUT_USES_RBP(frame->layout) || (end->needs_bp && !read.bp_at);
	if (end->names > UINT16_MAX)
		return;
	*end->level++ = (struct levels_level){
		.key = frame->key,
		.sp = frame->sp,
		.bp = end->needs_bp ? frame->bp : 0,
		.frame = number,
		.words = (uint16_t)end->words,
		.needs_bp = end->needs_bp,
	};
}

#endif
