/* callstack.h - who asked: the call stack of this moment, as a number.
 *
 * A call stack is the number of its innermost frame in one table of frames for the whole process;
 * each frame names its caller's. Capturing walks by layouts that libunwind was asked for once per
 * return address (layout.h), takes up the last walk where nothing changed (levels.h), and interns
 * the frames that are new. It reads only the thread's stack, within its bounds, and needs libunwind
 * itself for what it never saw. */
#ifndef VMATLAS_CALLSTACK_H
#define VMATLAS_CALLSTACK_H

#include "core/lane.h"
#include "guard.h"
#include "learn.h"
#include "levels.h"
#include "recall.h"
#include "walk.h"

#include <stdbool.h>
#include <stdint.h>

enum { CALLSTACK_DEPTH_MAX = LEVELS_MAX };

/* Where a call stack begins: the return address of a wrapper, the caller's rsp after that return,
 * the caller's rbp. */
struct callstack_at {
	uintptr_t pc, sp, bp;
};

/* In a wrapper, itself compiled with a frame pointer: where it was called. */
#define CALLSTACK_HERE()                                               \
	((struct callstack_at){(uintptr_t)__builtin_return_address(0), \
		(uintptr_t)__builtin_frame_address(0) + 16,            \
		*(const uintptr_t *)__builtin_frame_address(0)})

/* The same of the wrapper whose frame is at `stack`. */
static inline struct callstack_at callstack_called_at(uintptr_t stack)
{
	const uintptr_t *frame = (const uintptr_t *)stack;

	return (struct callstack_at){frame[1], stack + 16, frame[0]};
}

/* One thread's; all zeros is a good start. About 64 KiB, touched as deep as its call stacks are. */
struct callstack {
	uint32_t generation; /* of what was learned, when the levels were walked */
	struct levels levels;
	struct recall recall;
	/* Of the walk at work, innermost first; the last is where it ended. */
	struct walk_frame fresh[LEVELS_MAX + 1];
};

/* Whether `current` is still the stack that holds sp. */
static inline bool callstack_stands(const struct stacks *stacks, uintptr_t sp)
{
	return stacks->generation ==
		       atomic_load_explicit(&stacks_generation, memory_order_relaxed) &&
	       stacks_hold(&stacks->current, sp);
}

/* callstack_capture of any call stack. Same rules. */
uint32_t callstack_walk(struct callstack *state, const struct callstack_at *at);

/* The same where it may be one of the last few, on a tall ground. */
uint32_t callstack_recall(struct callstack *state, const struct callstack_at *at);

/* The number of the caller's call stack, 0 when it was lost. Its frames are those that libunwind
 * gives, as far as the depth allows. Under the guard, by the owner of `state`; errno stays. */
static inline __attribute__((always_inline)) uint32_t callstack_capture(
	struct callstack *state, const struct callstack_at *at)
{
	const struct ground *ground = &guard.ground;
	uint32_t number;

	if (__builtin_expect(ground->quick != atomic_load_explicit(
						      &learn_generation, memory_order_acquire) ||
				     !callstack_stands(&ground->stacks, at->sp),
		    0))
		return callstack_walk(state, at);
	number = levels_again(
		&state->levels, layout_key(at->pc, false), at->sp, at->bp, ground, true);
	return number ? number : callstack_recall(state, at);
}

/* Another thread begins to use this state, on a stack [low, high); both 0 if unknown. Under the
 * guard. */
void callstack_stack(struct callstack *state, uintptr_t low, uintptr_t high);

/* Code was unloaded or replaced in [start, end): what was learned of it is forgotten. Under the
 * guard; takes a lock. */
void callstack_forget(uintptr_t start, uintptr_t end);

/* Memory was unmapped, replaced or made unreadable in [start, end), by a call that says so: a stack
 * may end there now, and generated code may be gone. Under the guard; may take a lock. */
void callstack_unmapped(uintptr_t start, uintptr_t end);

/* Makes capturing possible, `depth` frames at most; before, a call stack is its innermost frame.
 * `verify`: each is compared with libunwind's, see verify.h. Idempotent. Under the guard, where
 * dlopen(3) may be called. */
void callstack_boot(unsigned depth, bool verify);

/* Whether they are compared. Anywhere. */
bool callstack_verifies(void);

/* The struct vmatlas_frame records. Anywhere. */
const struct lane *callstack_frames(void);

/* What a report should say about call stacks; counters only grow. Anywhere. */
struct callstack_counts {
	bool libunwind;          /* it is there */
	uint64_t learned;        /* layouts of frames */
	uint64_t complex_walks;  /* call stacks that libunwind walked itself */
	uint64_t no_unwind_info; /* layouts that are a guess: the frame pointer */
	uint64_t deep;           /* call stacks that were cut at the depth */
	uint64_t broken;         /* that end where the stack's words cannot be */
	uint64_t truncated;      /* that end early: libunwind was busy for too long, or failed */
	uint64_t lost;           /* not kept: no memory, or the table is full */
};
struct callstack_counts callstack_counts(void);

#endif
