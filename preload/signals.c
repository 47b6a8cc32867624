#include "signals.h"
#include "config.h"
#include "guard.h"
#include "process.h"
#include "real.h"
#include "state.h"
#include "sys.h"

#include <string.h>

/* The kernel's signals are 1 to 64 (_NSIG). */
enum { SIGNALS = 65 };

static struct {
	signals_catcher *dump, *fatal;
	void (*told)(int signal);
	_Atomic bool stepped_back;
	/* Which catcher of ours stands at a signal, NULL for none, and what the program believes to
	 * stand there: the default action, with whatever flags it gave. */
	signals_catcher *at[SIGNALS];
	struct sigaction shadow[SIGNALS];
	/* It stands there because the program asked for it, not because nobody touched it. */
	bool wanted[SIGNALS];
	/* The program's handler where `relay` stands in front of it. */
	_Atomic(signals_catcher *) behind[SIGNALS];
} self;

/* What ends a process by default and can be caught (signal(7)). */
static const uint8_t ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
	SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ,
	SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS};

static bool is_end(int signal)
{
	for (unsigned i = 0; i < sizeof ends; i++) {
		if (ends[i] == signal)
			return true;
	}
	return false;
}

static bool is_signal(int signal)
{
	return signal > 0 && signal < SIGNALS;
}

static bool is_fault(int signal)
{
	static const uint8_t faults[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};

	for (unsigned i = 0; i < sizeof faults; i++) {
		if (faults[i] == signal)
			return true;
	}
	return false;
}

/* The first process of a pid namespace ignores by default what is not its own fault. */
static bool can_end_us(int signal)
{
	return is_fault(signal) || sys_getpid() != 1;
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO &&
	       (action->sa_sigaction == self.dump ||
		       (self.fatal && action->sa_sigaction == self.fatal));
}

static bool is_default(const struct sigaction *action)
{
	return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* Everything is blocked in the handler: no other handler may leave it by longjmp, and a SIGPIPE of
 * ours must wait. On the alternate stack if there is one: a goroutine's own is too small. */
static bool arm(int signal, signals_catcher *catcher)
{
	struct sigaction action = {
		.sa_sigaction = catcher, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

	sigfillset(&action.sa_mask);
	if (REAL(sigaction)(signal, &action, NULL))
		return false;
	self.at[signal] = catcher;
	return true;
}

static bool arm_if_free(int signal, signals_catcher *catcher)
{
	struct sigaction action;

	if (REAL(sigaction)(signal, NULL, &action) || !is_default(&action))
		return false;
	self.shadow[signal] = action;
	return arm(signal, catcher);
}

/* Who asks for a dump does not know yet that there will be none: it must not end the process. */
static void disarm(int signal)
{
	struct sigaction none = {.sa_handler = self.at[signal] == self.dump ? SIG_IGN : SIG_DFL};

	self.at[signal] = NULL;
	REAL(sigaction)(signal, &none, NULL);
}

/* From above: programs count their own from SIGRTMIN up. 0 when none is free. */
static int arm_real_time(void)
{
	for (int signal = SIGRTMAX; signal > SIGRTMIN; signal--) {
		if (!self.at[signal] && arm_if_free(signal, self.dump))
			return signal;
	}
	return 0;
}

/* The second becomes the first. */
static void arm_another(void)
{
	vmatlas_state.signal = vmatlas_state.second ? vmatlas_state.second : arm_real_time();
	vmatlas_state.second = 0;
}

/* The program has left the configured signal to its default action (again). */
static void come_forward(int signal)
{
	int other = vmatlas_state.signal;

	if (!arm(signal, self.dump))
		return;
	vmatlas_state.signal = signal;
	self.stepped_back = false;
	if (other && other != signal)
		vmatlas_state.second = other;
}

static void step_back(int signal)
{
	bool dumps = signal == vmatlas_state.signal;

	self.at[signal] = NULL;
	if (signal == vmatlas_state.second)
		vmatlas_state.second = arm_real_time();
	if (!dumps)
		return;
	self.stepped_back = self.stepped_back || signal == config()->signal;
	arm_another();
}

/* Looks at what the kernel holds now and follows. */
static void follow(int signal)
{
	struct sigaction now;

	if (REAL(sigaction)(signal, NULL, &now) || is_ours(&now))
		return;
	if (!is_default(&now)) {
		step_back(signal);
		return;
	}
	self.shadow[signal] = now;
	self.wanted[signal] = true;
	if (signal == config()->signal)
		come_forward(signal);
	else if (signal == vmatlas_state.signal || signal == vmatlas_state.second)
		arm(signal, self.dump);
	else if (self.fatal && is_end(signal) && can_end_us(signal))
		arm(signal, self.fatal);
}

static bool concerns_us(int signal)
{
	return self.dump && signal > 0 && signal < SIGNALS &&
	       (self.at[signal] || signal == config()->signal || (self.fatal && is_end(signal)));
}

/* A wait that a handler ended must not look as if we alone had (interrupt.h), so each handler
 * leaves word that it ran. */
static void relay(int signal, siginfo_t *info, void *context)
{
	guard.handled = true;
	self.behind[signal](signal, info, context);
	guard.handled = true; /* a wait of its own forgot it */
}

/* Faults end no wait, and who profiles looks at the frames behind his handler; but one during which
 * a dump has to wait is followed by it, before the wait is over. */
static bool is_relayed(int signal, const struct sigaction *action)
{
	if (is_fault(signal) || signal == SIGPROF)
		return sigismember(&action->sa_mask, vmatlas_state.signal) == 1;
	return true;
}

static bool is_handler(sighandler_t handler)
{
	return handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR &&
	       handler != SIG_HOLD && handler != (sighandler_t)(void *)relay;
}

static bool relays(int signal)
{
	return is_signal(signal) && vmatlas_state.signal && !process_vforked();
}

/* What the kernel is given for the program's action. */
static const struct sigaction *relayed(
	int signal, const struct sigaction *action, struct sigaction *copy)
{
	if (!action || !relays(signal) || !is_handler(action->sa_handler) ||
		!is_relayed(signal, action))
		return action;
	*copy = *action;
	copy->sa_sigaction = relay;
	self.behind[signal] = action->sa_sigaction;
	return copy;
}

/* The same of signal(3), whose mask is empty but for the signal itself. */
static sighandler_t relayed_handler(int signal, sighandler_t handler)
{
	struct sigaction action = {.sa_handler = handler}, copy;

	return relayed(signal, &action, &copy)->sa_handler;
}

static bool leaves_word(int signal)
{
	struct sigaction now;

	return is_fault(signal) || REAL(sigaction)(signal, NULL, &now) ||
	       !is_handler(now.sa_handler) || is_ours(&now);
}

bool signals_leave_word(void)
{
	for (int signal = 1; signal < SIGNALS; signal++) {
		if (!leaves_word(signal))
			return false;
	}
	return true;
}

static void tell(int signal)
{
	if (self.told)
		self.told(signal);
}

static int action_at(int signal, const struct sigaction *action, struct sigaction *former)
{
	struct sigaction shadow, before;
	bool changes;
	int result;

	if (!concerns_us(signal))
		return REAL(sigaction)(signal, action, former);
	shadow = self.shadow[signal];
	changes = action && !process_vforked();
	if (changes)
		tell(signal);
	result = REAL(sigaction)(signal, action, &before);
	if (changes && !result)
		follow(signal);
	if (changes)
		tell(0);
	if (result)
		return result;
	if (former)
		*former = is_ours(&before) ? shadow : before;
	return 0;
}

int signals_action(int signal, const struct sigaction *action, struct sigaction *former)
{
	signals_catcher *behind = is_signal(signal) ? self.behind[signal] : NULL;
	struct sigaction copy;
	int result = action_at(
		signal, is_signal(signal) ? relayed(signal, action, &copy) : action, former);

	if (result && is_signal(signal))
		self.behind[signal] = behind; /* the former action stands */
	if (!result && former && former->sa_sigaction == relay)
		former->sa_sigaction = behind;
	return result;
}

static sighandler_t handler_at(signals_setter *set, int signal, sighandler_t handler)
{
	sighandler_t before;
	bool changes;

	if (!concerns_us(signal))
		return set(signal, handler);
	changes = !process_vforked();
	if (changes)
		tell(signal);
	before = set(signal, handler);
	if (changes) {
		follow(signal);
		tell(0);
	}
	if (before == (sighandler_t)(void *)self.dump || before == (sighandler_t)(void *)self.fatal)
		return SIG_DFL;
	return before;
}

sighandler_t signals_handler(signals_setter *set, int signal, sighandler_t handler)
{
	signals_catcher *behind = is_signal(signal) ? self.behind[signal] : NULL;
	sighandler_t before = handler_at(set, signal, relayed_handler(signal, handler));

	if (before == SIG_ERR && is_signal(signal))
		self.behind[signal] = behind; /* the former handler stands */
	return before == (sighandler_t)(void *)relay ? (sighandler_t)(void *)behind : before;
}

void signals_rearm(int signal)
{
	if (signal > 0 && signal < SIGNALS && self.at[signal] && !process_vforked())
		arm(signal, self.at[signal]);
}

/* A fault comes again by itself when its instruction is executed again. Anything else is sent
 * again, with all that its sender said, and waits until the handler returns. */
void signals_let_through(int signal, siginfo_t *info)
{
	struct sigaction none = {.sa_handler = SIG_DFL};
	bool fault = info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS ||
						  signal == SIGFPE || signal == SIGILL);

	REAL(sigaction)(signal, &none, NULL);
	if (!fault)
		sys_call(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), signal, (long)info, 0,
			0);
}

int signals_armed(void)
{
	return vmatlas_state.signal;
}

int signals_spare(void)
{
	return vmatlas_state.second ? vmatlas_state.second : vmatlas_state.signal;
}

void signals_watch(void (*told)(int signal))
{
	self.told = told;
}

bool signals_caught(int signal)
{
	return self.at[signal] != NULL;
}

bool signals_default_wanted(int signal)
{
	return self.wanted[signal];
}

bool signals_stepped_back(void)
{
	return self.stepped_back;
}

void signals_retire(bool dump)
{
	for (int signal = 1; signal < SIGNALS; signal++) {
		if (!self.at[signal] || (!dump && self.at[signal] == self.dump))
			continue;
		tell(signal); /* it would end the process */
		disarm(signal);
	}
	self.fatal = NULL;
	if (!dump)
		return;
	self.dump = NULL;
	vmatlas_state.signal = vmatlas_state.second = 0;
}

void signals_boot(signals_catcher *dump, signals_catcher *fatal)
{
	int wanted = config()->signal;

	self.dump = dump;
	self.fatal = fatal;
	for (unsigned i = 0; fatal && i < sizeof ends; i++) {
		if (ends[i] != wanted && can_end_us(ends[i]))
			arm_if_free(ends[i], fatal);
	}
	if (!wanted)
		return;
	if (arm_if_free(wanted, dump)) {
		vmatlas_state.signal = wanted;
		vmatlas_state.second = arm_real_time();
		return;
	}
	self.stepped_back = true;
	arm_another();
}
