/* levels.h - the last call stack of a thread, level by level, to be taken up again.
 *
 * From one allocation to the next most outer frames stay. Each level remembers where its frame
 * was and which words of the stack the step out of it read, with their values. Where a later walk
 * arrives at the same program counter, rsp and (if anything depends on it) rbp, and all words from
 * there outward are unchanged, the rest of the walk must go the same way: it follows from nothing
 * else. So this is exact, and comparing is several times faster than walking. */
#ifndef VMATLAS_LEVELS_H
#define VMATLAS_LEVELS_H

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

struct levels_word {
	uintptr_t at, value;
};

/* One thread's; all zeros is a good start. */
struct levels {
	uint32_t
		count; /* outermost first; 0 while it is rewritten, should a handler longjmp away */
	bool cut;      /* the outermost level is not the end of the call stack */
	struct levels_level level[LEVELS_MAX];
	struct levels_word word[LEVELS_WORDS];
};

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

static inline bool levels_stands(const struct levels_word *word)
{
	return *(const uintptr_t *)word->at == word->value;
}

/* How many of the first `count` words are left when those that stand are passed, innermost first. A
 * word behind one that has changed is not read: it may lie in a stack that is no more. Eight at a
 * time, for this is where most of an allocation's instructions are. */
static inline uint32_t levels_pass(const struct levels *levels, uint32_t count)
{
	const struct levels_word *first = levels->word, *word = first + count;

	for (; word >= first + 8; word -= 8) {
		if (!(levels_stands(word - 1) && levels_stands(word - 2) &&
			    levels_stands(word - 3) && levels_stands(word - 4) &&
			    levels_stands(word - 5) && levels_stands(word - 6) &&
			    levels_stands(word - 7) && levels_stands(word - 8)))
			break;
	}
	while (word > first && levels_stands(word - 1))
		word--;
	return (uint32_t)(word - first);
}

/* The same for a walk at sp on a stack that ends at `high`: a word elsewhere has been written over.
 * The two quick ways, levels_again and recall_find, have no time for that: it makes a malloc and
 * free of 35 frames 27 % more instructions, of 97 frames 41 %. */
static inline uint32_t levels_pass_within(
	const struct levels *levels, uint32_t count, uintptr_t sp, uintptr_t high)
{
	const struct levels_word *first = levels->word, *word = first + count;
	uintptr_t reach = high - sp + LEVELS_BELOW - (sizeof(uintptr_t) - 1);

	/* Below sp by a little: code that was interrupted behind its last pop. */
	while (word > first && word[-1].at - sp + LEVELS_BELOW < reach && levels_stands(word - 1))
		word--;
	return (uint32_t)(word - first);
}

/* How many of the outer `count` levels are untouched: `count` if the words of all are as they were,
 * else those further out than the innermost level of whose words one has changed. */
static inline uint32_t levels_verify(
	const struct levels *levels, uint32_t count, uintptr_t sp, uintptr_t high)
{
	uint32_t left =
		levels_pass_within(levels, levels_words(&levels->level[count - 1]), sp, high);

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
static inline __attribute__((always_inline)) uint32_t levels_again(
	const struct levels *levels, uint64_t key, uintptr_t sp, uintptr_t bp)
{
	uint32_t count = levels_count(levels);
	const struct levels_level *last = &levels->level[count - 1];

	return levels_meet(levels, count, key, sp, bp) &&
			       levels_pass(levels, levels_words(last)) == 0
		       ? last->frame
		       : 0;
}

/* Where the next level goes, inside of those that are kept. */
struct levels_end {
	struct levels_level *level;
	struct levels_word *word;
	bool needs_bp; /* the walk from the level before depends on rbp */
};

static inline struct levels_end levels_end(struct levels *levels, uint32_t kept)
{
	const struct levels_level *last = levels->level + kept - 1;

	return (struct levels_end){levels->level + kept,
		levels->word + (kept ? levels_words(last) : 0), kept && last->needs_bp};
}

static inline void levels_note(struct levels_end *end, uintptr_t at, uintptr_t value)
{
	if (at)
		*end->word++ = (struct levels_word){at, value};
}

/* Adds a level: the frame that was stepped out of, and the place that the step led to (which is
 * not a level where the walk ended there). The words fit by construction: a step reads three at
 * most. rbp that nothing further out depends on is left out: it is often just a number that the
 * program counts with, and comparing it would find differences that make none. */
static inline void levels_add(struct levels *levels, struct levels_end *end,
	const struct walk_frame *frame, const struct walk_frame *outer, uint32_t number)
{
	struct walk_slots read = walk_slots(frame, outer);

	levels_note(end, read.pc_at, (uintptr_t)(outer->key >> 1));
	levels_note(end, read.sp_at, outer->sp);
	if (end->needs_bp)
		levels_note(end, read.bp_at, outer->bp);
	end->needs_bp = LAYOUT_USES_RBP(frame->layout) || (end->needs_bp && !read.bp_at);
	*end->level++ = (struct levels_level){
		.key = frame->key,
		.sp = frame->sp,
		.bp = end->needs_bp ? frame->bp : 0,
		.frame = number,
		.words = (uint16_t)(end->word - levels->word),
		.needs_bp = end->needs_bp,
	};
}

#endif
