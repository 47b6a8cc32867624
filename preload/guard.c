#include "guard.h"
#include "sys.h"

/* False where the kernel may not be asked: then a program with handlers on an alternate stack and
 * a filter is one that jumps out of them, more likely than one that allocates in them. */
static bool on_alternate_stack(void)
{
	stack_t stack = {.ss_flags = SS_DISABLE};

	sys_call(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0);
	return stack.ss_flags & SS_ONSTACK;
}

bool guard_left(uintptr_t stack)
{
	return stack >= guard.stack && !on_alternate_stack();
}
