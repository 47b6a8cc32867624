/* wrap_signal.c - the ways to set a signal's handler. */
#include "aside.h"
#include "signals.h"
#include "wrap.h"

WRAPPER int sigaction(int signal, const struct sigaction *action, struct sigaction *former)
{
	return signals_action(signal, action, former);
}

WRAPPER sighandler_t signal(int signal, sighandler_t handler)
{
	return signals_handler(REAL(signal), signal, handler);
}

WRAPPER sighandler_t bsd_signal(int signal, sighandler_t handler)
{
	return signals_handler(REAL(bsd_signal), signal, handler);
}

WRAPPER sighandler_t ssignal(int signal, sighandler_t handler)
{
	return signals_handler(REAL(ssignal), signal, handler);
}

WRAPPER sighandler_t sysv_signal(int signal, sighandler_t handler)
{
	return signals_handler(REAL(sysv_signal), signal, handler);
}

WRAPPER sighandler_t __sysv_signal(int signal, sighandler_t handler)
{
	return signals_handler(REAL(__sysv_signal), signal, handler);
}

WRAPPER sighandler_t sigset(int signal, sighandler_t disposition)
{
	return signals_handler(REAL(sigset), signal, disposition);
}

static sighandler_t ignore(int signal, sighandler_t handler)
{
	(void)handler;
	return REAL(sigignore)(signal) ? SIG_ERR : SIG_DFL;
}

WRAPPER int sigignore(int signal)
{
	return signals_handler(ignore, signal, SIG_IGN) == SIG_ERR ? -1 : 0;
}

WRAPPER int siginterrupt(int signal, int interrupt)
{
	int result = REAL(siginterrupt)(signal, interrupt);

	if (!result)
		signals_rearm(signal);
	return result;
}

/* libunwind blocks signals around its own locks, by way of glibc, which then lets through the two
 * that it keeps for itself: SIGTIMER would kill the process in the thread that waits for
 * SIGEV_THREAD timers. Where libunwind runs, all are blocked already. */
WRAPPER int sigprocmask(int how, const sigset_t *set, sigset_t *former)
{
	return aside_holds(WRAP_STACK) ? 0 : REAL(sigprocmask)(how, set, former);
}
