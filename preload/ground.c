#include "ground.h"

/* Above the outermost frame lies what the step out of it read. */
enum { GROUND_ABOVE = 64 * 1024 };

void ground_settle(struct ground *ground)
{
	const struct stacks_bounds *stack = &ground->stacks.current;

	ground->tall = stack->high - ground->base >= GROUND_REACH && ground->base < stack->high &&
		       stacks_reach(stack, ground->base);
}

void ground_choose(struct ground *ground, uintptr_t outermost)
{
	const struct stacks_bounds *stack = &ground->stacks.current;
	uintptr_t end = stack->high;

	if (stacks_hold(stack, outermost) && end - outermost > GROUND_ABOVE)
		end = outermost + GROUND_ABOVE;
	ground->base = (end & ~(sizeof end - 1)) - GROUND_REACH;
	if (!stacks_reach(stack, ground->base) && stack->high - stack->low >= GROUND_REACH)
		ground->base = stack->low;
	ground_settle(ground);
}
