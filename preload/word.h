/* word.h - a block in 64 bits, as the table of blocks keeps it; see vmatlas_store.h. */
#ifndef VMATLAS_WORD_H
#define VMATLAS_WORD_H

#include "vmatlas_store.h"

#include <stdbool.h>

/* A small block: size below VMATLAS_SIZE_BIG, moment and origin of 24 bits. All functions here may
 * be called anywhere. */
static inline uint64_t word_small(uint64_t address, uint64_t size, uint32_t origin, uint32_t moment)
{
	return (uint64_t)origin | (uint64_t)moment << 24 | size << 48 | (address >> 3 & 3) << 62;
}

static inline uint64_t word_big(uint64_t address, uint32_t id)
{
	return VMATLAS_WORD_OF_BIG(address, id);
}

static inline bool word_is_big(uint64_t word)
{
	return VMATLAS_WORD_SIZE(word) == VMATLAS_SIZE_BIG;
}

/* Whether the word is of a small block at the address, which lies in the word's window. With the
 * address's eighth taken off the upper sixteen bits, its size is left where the two eighths are the
 * same, else more than any size. */
static inline bool word_is_small_at(uint64_t word, uint64_t address)
{
	return word && (word >> 48 ^ (address >> 3 & 3) << 14) < VMATLAS_SIZE_BIG;
}

/* A small block that has a brief: size as above, at a multiple of 16. */
static inline uint16_t word_brief(uint64_t address, uint64_t size)
{
	return VMATLAS_BRIEF_OF(address, size);
}

/* Whether the brief is of the block at the address, which lies in its window: with what every brief
 * of that half has taken off, a size is left, else more. */
static inline bool word_is_brief_at(uint16_t brief, uint64_t address)
{
	return (uint32_t)(brief ^ VMATLAS_BRIEF_OF(address, 0)) < VMATLAS_SIZE_BIG;
}

/* The number of the record that a big word names. */
static inline uint32_t word_record(uint64_t word)
{
	return (uint32_t)VMATLAS_WORD_BIG(word);
}

#endif
