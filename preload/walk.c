#include "walk.h"

/* How far above rsp a guessed frame pointer may lie: libunwind's limit. */
enum { GUESS_REACH = 0x4000 };

static bool readable(const struct stacks_bounds *stack, const struct walk_slots *slots)
{
	return walk_reads(stack, slots->pc_at) &&
	       (!slots->sp_at || walk_reads(stack, slots->sp_at)) &&
	       (!slots->bp_at || walk_reads(stack, slots->bp_at));
}

static uintptr_t word(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

static bool realigned(const struct walk *walk, uint64_t layout, const struct stacks_bounds *stack,
	struct walk_slots *slots)
{
	slots->sp_at = walk->bp + (uintptr_t)LAYOUT_CFA(layout);
	if (!walk_reads(stack, slots->sp_at))
		return false;
	slots->pc_at = word(slots->sp_at) - sizeof(uintptr_t);
	slots->bp_at = LAYOUT_SAVES_RBP(layout) ? walk->bp + (uintptr_t)LAYOUT_RBP_SLOT(layout) : 0;
	return true;
}

/* The registers of the interrupted code, as the kernel saved them (struct sigcontext). */
static bool interrupted(const struct walk *walk, uint64_t layout, struct walk_slots *slots)
{
	slots->sp_at = walk->sp + (uintptr_t)LAYOUT_CFA(layout);
	slots->pc_at = slots->sp_at + sizeof(uintptr_t);
	slots->bp_at = LAYOUT_SAVES_RBP(layout) ? walk->sp + (uintptr_t)LAYOUT_RBP_SLOT(layout) : 0;
	return true;
}

static bool guessed(const struct walk *walk, struct walk_slots *slots)
{
	slots->sp_at = 0;
	slots->bp_at = walk->bp;
	slots->pc_at = walk->bp + sizeof(uintptr_t);
	return walk->bp != 0 && walk->bp >= walk->sp && walk->bp - walk->sp <= GUESS_REACH;
}

static bool find(const struct walk *walk, uint64_t layout, const struct stacks_bounds *stack,
	struct walk_slots *slots)
{
	switch (LAYOUT_KIND(layout)) {
	case LAYOUT_AT_RBP:
		return realigned(walk, layout, stack, slots);
	case LAYOUT_SIGNAL:
		return interrupted(walk, layout, slots);
	case LAYOUT_UNKNOWN:
		return guessed(walk, slots);
	default:
		return false;
	}
}

bool walk_step_rare(struct walk *walk, struct walk_frame *frame, struct stacks *stacks)
{
	uint64_t layout = frame->layout;
	struct walk_slots slots;

	if (!find(walk, layout, &stacks->current, &slots) || !readable(&stacks->current, &slots))
		return false;
	frame->read = slots;
	walk->sp = slots.sp_at ? word(slots.sp_at) : slots.pc_at + sizeof(uintptr_t);
	walk->pc = word(slots.pc_at);
	walk->bp = slots.bp_at ? word(slots.bp_at) : walk->bp;
	walk->exact = LAYOUT_INTERRUPTS(layout);
	if (!stacks_hold(&stacks->current, walk->sp - 1))
		stacks_choose(stacks, walk->sp, false);
	return true;
}
