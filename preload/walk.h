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
	struct walk_slots read; /* by the step out of it */
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

/* The step for all layouts but the two common ones. May ask for another stack's bounds. */
bool walk_step_rare(struct walk *walk, struct walk_frame *frame, struct stacks *stacks);

static inline __attribute__((always_inline)) bool walk_step_common(
	struct walk *walk, struct walk_frame *frame, const struct stacks_bounds *stack)
{
	uint64_t layout = frame->layout;
	uintptr_t base = LAYOUT_KIND(layout) == LAYOUT_RSP ? walk->sp : walk->bp;
	uintptr_t cfa = base + (uintptr_t)LAYOUT_CFA(layout), bp_at = 0, bp = walk->bp;

	if (cfa <= walk->sp || !walk_reads(stack, cfa - sizeof cfa))
		return false;
	if (LAYOUT_SAVES_RBP(layout)) {
		bp_at = cfa + (uintptr_t)LAYOUT_RBP_SLOT(layout);
		if (!walk_reads(stack, bp_at))
			return false;
		bp = *(const uintptr_t *)bp_at;
	}
	frame->read = (struct walk_slots){cfa - sizeof cfa, 0, bp_at};
	*walk = (struct walk){
		*(const uintptr_t *)(cfa - sizeof cfa), cfa, bp, LAYOUT_INTERRUPTS(layout)};
	return true;
}

/* Steps out of the frame that walk stands in, whose layout is in *frame, and notes there what was
 * read. False, and walk is as it was, where there is no caller or no word to be read. Under the
 * guard. */
static inline __attribute__((always_inline)) bool walk_step(
	struct walk *walk, struct walk_frame *frame, struct stacks *stacks)
{
	struct walk copy; /* keeps the original in registers */
	bool done;

	frame->read = (struct walk_slots){0};
	if (__builtin_expect(LAYOUT_KIND(frame->layout) <= LAYOUT_RBP, 1))
		return walk_step_common(walk, frame, &stacks->current);
	copy = *walk;
	done = walk_step_rare(&copy, frame, stacks);
	*walk = copy;
	return done;
}

#endif
