/* marks.h - a set of small numbers: one bit each. */
#ifndef VMATLAS_MARKS_H
#define VMATLAS_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct marks {
	uint64_t *word; /* the caller's, zeros for the empty set */
	uint64_t limit; /* numbers below it can be in the set */
};

/* Words for numbers below the limit. Anywhere, signal handlers included, as all in this file. */
static inline size_t marks_words(uint64_t limit)
{
	return (size_t)((limit + 63) / 64);
}

/* False when the number is too large to be kept. */
static inline bool marks_set(struct marks *marks, uint64_t number)
{
	if (number >= marks->limit)
		return false;
	marks->word[number / 64] |= (uint64_t)1 << number % 64;
	return true;
}

static inline bool marks_has(const struct marks *marks, uint64_t number)
{
	return number < marks->limit && (marks->word[number / 64] >> number % 64 & 1);
}

#endif
