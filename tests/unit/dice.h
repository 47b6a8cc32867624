/* dice.h - the same random numbers in every run. */
#ifndef VMATLAS_TEST_DICE_H
#define VMATLAS_TEST_DICE_H

#include <stdint.h>

struct dice {
	uint64_t state; /* not 0 */
};

/* Xorshift, 64 bits. */
static inline uint64_t dice_roll(struct dice *dice)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return dice->state;
}

/* From 0 to limit - 1. */
static inline uint64_t dice_below(struct dice *dice, uint64_t limit)
{
	return (dice_roll(dice) >> 11) % limit;
}

#endif
