#include "interrupt.h"
#include "guard.h"
#include "real.h"
#include "signals.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

_Atomic uint32_t interrupt_begun;

/* How often waits that ended for no reason may still look for a dump elsewhere, 100 us each: so few
 * for each dump, or until the first, that a program in which they are many loses 20 ms. Relaxed:
 * about right will do. */
enum { PATIENCE = 200 };
static _Atomic int32_t patience = PATIENCE;

void interrupt_begin(void)
{
	atomic_fetch_add_explicit(&interrupt_begun, 1, memory_order_relaxed);
	atomic_store_explicit(&patience, PATIENCE, memory_order_relaxed);
}

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

/* The other thread may have to wait for a processor before it comes to the first instructions of
 * our handler, so it is given time. But not for ever, for such an end has other reasons, too: the
 * process was stopped and goes on; io_uring has something to do. */
static bool has_begun_elsewhere(void)
{
	struct timespec moment = {0, 100000};

	while (atomic_load_explicit(&interrupt_begun, memory_order_relaxed) == guard.begun) {
		if (atomic_fetch_sub_explicit(&patience, 1, memory_order_relaxed) <= 0) {
			atomic_store_explicit(&patience, 0, memory_order_relaxed);
			return false;
		}
		sys_call(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
	}
	return true;
}

/* Whether the thread was woken for a dump that another made. */
static bool woken_in_vain(void)
{
	return !guard.handled && has_begun_elsewhere() && signals_leave_word();
}

bool interrupt_ours(int error)
{
	bool ours = took(-EINTR);

	return error == EINTR && (ours || woken_in_vain());
}

bool interrupt_cut(long result)
{
	return took(result) && result > 0;
}
