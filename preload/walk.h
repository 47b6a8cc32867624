/* walk.h - one step outward, from a frame to its caller's, by a learned layout.
 *
 * Nothing is read but words of the stack that lie between the stack pointer and the stack's end,
 * whatever the registers hold. */
#ifndef VMATLAS_WALK_H
#define VMATLAS_WALK_H

#include "layout.h"
#include "stacks.h"

#include <stdbool.h>
#include <stdint.h>

/* What a walk carries from frame to frame. */
struct walk {
	uintptr_t pc, sp, bp;
	bool exact; /* pc was interrupted there; else it is a return address */
};

/* Where the words lie that a step reads, 0 for a register that is not loaded. */
struct walk_slots {
	uintptr_t pc_at, sp_at, bp_at;
};

/* A frame that a walk came through. */
struct walk_frame {
	uint64_t key; /* layout_key */
	uintptr_t sp, bp;
	uint64_t layout;
	struct walk_slots read; /* by the step out of it, where its layout is not a plain one */
};

/* Lowest and highest program counters that can be code: below lies what vm.mmap_min_addr and the
 * usual layout leave empty (libunwind draws the same line), above the kernel. */
#define WALK_PC_MIN ((uintptr_t)0x4000)
#define WALK_PC_MAX ((uintptr_t)1 << 56)

static inline bool walk_is_code(uintptr_t pc)
{
	return pc - WALK_PC_MIN < WALK_PC_MAX - WALK_PC_MIN;
}

/* Whether there is a word of the stack at the address. It may lie below rsp: code that was
 * interrupted behind its last pop still has its registers described as saved there. */
static inline bool walk_reads(const struct stacks_bounds *stack, uintptr_t address)
{
	return address >= stack->low && address <= stack->high - sizeof(uintptr_t);
}

/* Steps out of a frame of a plain layout. False, and walk is as it was, where there is no word to
 * be read. Under the guard. */
static inline __attribute__((always_inline)) bool walk_step(
	struct walk *walk, uint64_t layout, const struct stacks_bounds *stack)
{
	uintptr_t base = LAYOUT_USES_RBP(layout) ? walk->bp : walk->sp;
	uintptr_t cfa = base + (uintptr_t)LAYOUT_CFA(layout), bp_at;

	if (cfa <= walk->sp || !walk_reads(stack, cfa - sizeof cfa))
		return false;
	if (LAYOUT_SAVES_RBP(layout)) {
		bp_at = cfa + (uintptr_t)LAYOUT_RBP_SLOT(layout);
		if (!walk_reads(stack, bp_at))
			return false;
		walk->bp = *(const uintptr_t *)bp_at;
	}
	walk->pc = *(const uintptr_t *)(cfa - sizeof cfa);
	walk->sp = cfa;
	walk->exact = false;
	return true;
}

/* The same for all other layouts; notes in *frame what was read. May ask for another stack's
 * bounds. False also where there is no caller. Under the guard. */
bool walk_step_rare(struct walk *walk, struct walk_frame *frame, struct stacks *stacks);

/* Where the step read that led out of the frame, to `outer`. */
static inline struct walk_slots walk_slots(
	const struct walk_frame *frame, const struct walk_frame *outer)
{
	uint64_t layout = frame->layout;

	if (__builtin_expect(!(layout & LAYOUT_PLAIN), 0))
		return frame->read;
	return (struct walk_slots){.pc_at = outer->sp - sizeof(uintptr_t),
		.bp_at = LAYOUT_SAVES_RBP(layout) ? outer->sp + (uintptr_t)LAYOUT_RBP_SLOT(layout)
						  : 0};
}

#endif
