#include "interrupt.h"
#include "guard.h"
#include "real.h"
#include "signals.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

/* What the interrupted instruction goes on with: the result of a system call, if it was one. The
 * kernel has put -EINTR there before it made the handler's frame (handle_signal in
 * arch/x86/kernel/signal.c, do_signal in arch/arm64/kernel/signal.c). */
static long result_of(const ucontext_t *context)
{
#if defined __x86_64__
	return (long)context->uc_mcontext.gregs[REG_RAX];
#else
	return (long)context->uc_mcontext.regs[0];
#endif
}

/* The mask that holds again once the handler returns; libc's type is longer than the kernel's. */
static uint64_t mask_of(const ucontext_t *context)
{
	uint64_t mask;

	memcpy(&mask, &context->uc_sigmask, sizeof mask);
	return mask;
}

static bool has_handler_of_program(int signal)
{
	struct sigaction action;

	if (signals_caught(signal) || REAL(sigaction)(signal, NULL, &action))
		return false;
	return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

/* All signals are blocked in our handlers; what waits for their end is delivered before the
 * interrupted code goes on. */
static bool is_program_next(uint64_t mask)
{
	uint64_t pending = 0;

	sys_call(SYS_rt_sigpending, (long)&pending, SYS_SIGSET_BYTES, 0, 0, 0, 0);
	for (pending &= ~mask; pending; pending &= pending - 1) {
		if (has_handler_of_program(__builtin_ctzll(pending) + 1))
			return true;
	}
	return false;
}

/* A result that is positive may as well be anything else that the interrupted code computed. */
static bool may_be_cut(long result)
{
	return result == -EINTR || (result > 0 && guard.cut != -EINTR);
}

/* In the midst of a handler of the program's, which ended the wait before us, nothing changes. */
void interrupt_note(const void *context)
{
	long result = result_of(context);

	if (may_be_cut(result) && !guard.handled)
		guard.cut = is_program_next(mask_of(context)) ? 0 : result;
}

static bool took(long result)
{
	bool ours = guard.cut == result;

	guard.cut = 0;
	return ours;
}

bool interrupt_ours(int error)
{
	return took(-EINTR) && error == EINTR;
}

bool interrupt_cut(long result)
{
	return took(result) && result > 0;
}
