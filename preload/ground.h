/* ground.h - the memory that a thread's call stacks are read from.
 *
 * It is thread-local, unlike what was found there (callstack.h): the program may be writing wild
 * over our tables, and what is read by them is bounded by what is known here. A table names a word
 * of the stack by 16 bits, which count words above the base; so whatever stands in the table, the
 * word lies less than 512 KiB above the base. Where all of that can be read (`tall`), words are
 * compared without being looked at first; elsewhere each is held against the stack's bounds. */
#ifndef VMATLAS_GROUND_H
#define VMATLAS_GROUND_H

#include "stacks.h"

#include <stdbool.h>
#include <stdint.h>

#define GROUND_REACH ((uintptr_t)8 << 16)

/* All zeros is a good start. */
struct ground {
	struct stacks stacks;
	uintptr_t base; /* changes only where no level is kept: see levels.h */
	bool tall;      /* [base, base + GROUND_REACH) lies in the current stack */
	/* Of what was learned, where captures may go the quick ways: on a tall ground. Another
	 * where each is to come by callstack_walk. */
	uint32_t quick;
};

/* The word that `at` names. */
static inline uintptr_t ground_address(uintptr_t base, uint16_t at)
{
	return base + at * sizeof(uintptr_t);
}

/* The `at` of the word at the address; more than 16 bits where it has none: it lies elsewhere, or
 * its address is no multiple of 8, for these three bits become the highest. */
static inline uintptr_t ground_name(uintptr_t base, uintptr_t address)
{
	uintptr_t above = address - base;

	return above >> 3 | above << 61;
}

/* The current stack or the base may be another now. Under the guard. */
void ground_settle(struct ground *ground);

/* Puts the base where the words of a call stack have names whose outermost frame is at that sp: as
 * far below as they reach, or at the stack's lower end if that is nearer. Under the guard. */
void ground_choose(struct ground *ground, uintptr_t outermost);

#endif
