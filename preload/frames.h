/* frames.h - the frames of all call stacks, each once.
 *
 * A frame is a program counter in a module, and the caller's frame: a tree, whose leaves are whole
 * call stacks. One table for the process, see intern.h; in front of it each thread has a memo of
 * the frames it used last. */
#ifndef VMATLAS_FRAMES_H
#define VMATLAS_FRAMES_H

#include "core/lane.h"

#include <stdatomic.h>
#include <stdint.h>

/* 16 KiB: fewer miss too often (clang), more crowd the program's own data out of the cache. */
enum { FRAMES_MEMO = 1024 };

/* One thread's; all zeros is a good start, and what to return to when modules changed. */
struct frames_known {
	uint64_t pc;
	uint32_t parent, number;
};
struct frames_memo {
	struct frames_known entry[FRAMES_MEMO];
};

/* The number of this frame from the table, made now if need be; 0 when it cannot be kept (counted).
 * Under the guard; takes a lock when it is new. */
uint32_t frames_add(uint64_t pc, uint32_t parent, uint32_t module);

/* A handler that leaves by longjmp in the midst of this leaves an entry that fits nothing. */
static inline void frames_remember(
	struct frames_memo *memo, uint32_t place, struct frames_known known)
{
	memo->entry[place].pc = 0;
	atomic_signal_fence(memory_order_seq_cst);
	memo->entry[place].parent = known.parent;
	memo->entry[place].number = known.number;
	atomic_signal_fence(memory_order_seq_cst);
	memo->entry[place].pc = known.pc;
}

/* The same by way of the memo. Under the guard, by the memo's owner. */
static inline uint32_t frames_number(
	struct frames_memo *memo, uint64_t pc, uint32_t parent, uint32_t module)
{
	uint32_t place = (uint32_t)((pc ^ (uint64_t)parent << 20) * 0x9e3779b97f4a7c15u >> 54);
	uint32_t number;

	_Static_assert(FRAMES_MEMO == 1 << (64 - 54), "the place has as many bits as the memo");
	if (memo->entry[place].pc == pc && memo->entry[place].parent == parent)
		return memo->entry[place].number;
	number = frames_add(pc, parent, module);
	if (number)
		frames_remember(memo, place, (struct frames_known){pc, parent, number});
	return number;
}

/* The struct vmatlas_frame records, and how many could not be kept. Anywhere. */
const struct lane *frames_lane(void);
uint64_t frames_lost(void);

#endif
