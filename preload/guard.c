#include "guard.h"
#include "sys.h"

__thread struct guard guard __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* False where the kernel may not be asked: then a program with handlers on an alternate stack and
 * a filter is one that jumps out of them, more likely than one that allocates in them. */
static bool on_alternate_stack(void)
{
	stack_t stack = {.ss_flags = SS_DISABLE};

	sys_call(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0);
	return stack.ss_flags & SS_ONSTACK;
}

/* Whether both lie on the alternate stack: then the handler that runs there stays. */
static bool stays_on_alternate_stack(uintptr_t target)
{
	stack_t stack = {.ss_flags = SS_DISABLE};

	sys_call(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0);
	return stack.ss_flags & SS_ONSTACK && target - (uintptr_t)stack.ss_sp < stack.ss_size;
}

/* A jump within what is deeper than the frame that closed it is a handler's own. */
void guard_jump(uintptr_t stack, uintptr_t target)
{
	if (guard.state == GUARD_OPEN || (target > stack && target < guard.stack) ||
		stays_on_alternate_stack(target))
		return;
	guard_open();
}

struct guard_kept guard_suspend(void)
{
	struct guard_kept kept = {guard.state, guard.stack};

	guard_open();
	return kept;
}

/* A function of its own: another thread may go on, and has another guard. */
void guard_resume(const struct guard_kept *kept)
{
	guard.stack = kept->stack;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	guard.state = kept->state;
}

bool guard_left(uintptr_t stack)
{
	return stack >= guard.stack && !on_alternate_stack();
}
