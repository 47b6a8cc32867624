/* verify.h - whether call stacks that were captured quickly are those that libunwind gives.
 *
 * For VMATLAS_VERIFY=1: after each capture libunwind itself walks the whole call stack, from our
 * own frames outward, on the private stack with all signals blocked, and the two are compared frame
 * by frame. 20 us and more for each; what is counted here shows in the report. */
#ifndef VMATLAS_VERIFY_H
#define VMATLAS_VERIFY_H

#include "unwind.h"

enum {
	VERIFY_SHOWN = 4, /* of the call stacks that differ */
	VERIFY_SENTENCES = 1 + VERIFY_SHOWN,
	VERIFY_SENTENCE = 256,
};

/* Compares the call stack with this number, which was captured at `at` with at most `depth` frames,
 * with libunwind's. `stacks` are the thread's, and stay as they are. Under the guard; takes a lock;
 * errno stays. */
void verify_callstack(uint32_t number, const struct unwind_place *at, const struct stacks *stacks,
	uint32_t depth);

/* What was compared and what differs, for people: that many sentences. Anywhere. */
unsigned verify_say(char sentences[VERIFY_SENTENCES][VERIFY_SENTENCE]);

/* How many call stacks differ. Anywhere. */
uint64_t verify_differ(void);

#endif
