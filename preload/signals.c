#include "signals.h"
#include "config.h"
#include "process.h"
#include "real.h"

#include <string.h>

static struct {
	void (*handler)(int, siginfo_t *, void *);
	/* 0: none. Changed by whoever sets handlers in the program, in step with the kernel's. */
	_Atomic int armed;
	/* What the program set and believes to stand where our handler does: the default action,
	 * with whatever flags it gave. */
	struct sigaction shadow;
	_Atomic bool stepped_back;
} self;

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == self.handler;
}

/* Everything is blocked in the handler: no other handler may leave it by longjmp, and a SIGPIPE of
 * ours must wait. On the alternate stack if there is one: a goroutine's own is too small. */
static int arm(int signal)
{
	struct sigaction action = {
		.sa_sigaction = self.handler, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

	sigfillset(&action.sa_mask);
	if (REAL(sigaction)(signal, &action, NULL))
		return -1;
	self.armed = signal;
	return 0;
}

static bool is_free(int signal)
{
	struct sigaction action;

	return !REAL(sigaction)(signal, NULL, &action) && !(action.sa_flags & SA_SIGINFO) &&
	       action.sa_handler == SIG_DFL;
}

/* From above: programs count their own from SIGRTMIN up. */
static void arm_another(void)
{
	self.armed = 0;
	memset(&self.shadow, 0, sizeof self.shadow);
	for (int signal = SIGRTMAX; signal > SIGRTMIN; signal--) {
		if (is_free(signal) && !arm(signal))
			return;
	}
}

/* The program has the configured signal at its default action (again). */
static void come_forward(int signal, const struct sigaction *action)
{
	int other = self.armed;

	if (arm(signal))
		return;
	self.shadow = *action;
	self.stepped_back = false;
	if (other && other != signal) {
		struct sigaction none = {.sa_handler = SIG_DFL};

		REAL(sigaction)(other, &none, NULL);
	}
}

/* Looks at what the kernel holds now and follows. */
static void follow(int signal)
{
	struct sigaction now;

	if (REAL(sigaction)(signal, NULL, &now) || is_ours(&now))
		return;
	if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL) {
		come_forward(signal, &now);
	} else if (signal == self.armed) {
		self.stepped_back = self.stepped_back || signal == config()->signal;
		arm_another();
	}
}

static bool concerns_us(int signal)
{
	return self.handler && signal > 0 && (signal == self.armed || signal == config()->signal);
}

int signals_action(int signal, const struct sigaction *action, struct sigaction *former)
{
	struct sigaction shadow = self.shadow, before;
	int result;

	if (!concerns_us(signal))
		return REAL(sigaction)(signal, action, former);
	result = REAL(sigaction)(signal, action, &before);
	if (result)
		return result;
	if (former)
		*former = is_ours(&before) ? shadow : before;
	if (action && !process_vforked())
		follow(signal);
	return 0;
}

sighandler_t signals_handler(signals_setter *set, int signal, sighandler_t handler)
{
	sighandler_t before;

	if (!concerns_us(signal))
		return set(signal, handler);
	before = set(signal, handler);
	if (!process_vforked())
		follow(signal);
	return before == (sighandler_t)(void *)self.handler ? SIG_DFL : before;
}

void signals_rearm(int signal)
{
	if (self.armed && signal == self.armed && !process_vforked())
		arm(signal);
}

int signals_armed(void)
{
	return self.armed;
}

bool signals_stepped_back(void)
{
	return self.stepped_back;
}

void signals_boot(void (*handler)(int, siginfo_t *, void *))
{
	self.handler = handler;
	if (!config()->signal)
		return;
	if (is_free(config()->signal) && !arm(config()->signal))
		return;
	self.stepped_back = true;
	arm_another();
}
