#include "dump.h"
#include "aside.h"
#include "boot.h"
#include "clock.h"
#include "config.h"
#include "interrupt.h"
#include "interval.h"
#include "lock.h"
#include "process.h"
#include "scratch.h"
#include "session.h"
#include "signals.h"
#include "state.h"
#include "store.h"
#include "sys.h"
#include "watch.h"

#include <errno.h>

enum { STACK_SIZE = 128 << 10, WAIT_MOST_MS = 5000 };

/* No format has this number; negative ones mean the configured format. */
enum { NO_REQUEST = 1 << 30 };

enum dumping { DUMPING_NOT, DUMPING, DUMPING_AGAIN };

struct request {
	const char *reason;
	int format;
	int error;
};

static struct {
	char *stack_top;
	uint32_t number;
	/* Of the request that came during a dump: the last of several is the one that is met, but
	 * for private ones, whose askers wait for theirs. */
	_Atomic int next_format, next_private;
} self = {.next_format = NO_REQUEST, .next_private = NO_REQUEST};

/* -- Signals that our own writing may raise ------------------------------------------------- */

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

static uint64_t pending(void)
{
	uint64_t set = 0;

	sys_call(SYS_rt_sigpending, (long)&set, SYS_SIGSET_BYTES, 0, 0, 0, 0);
	return set;
}

/* What was not pending before came from our writing, and is nobody else's business. */
static void swallow(uint64_t before, int signal)
{
	uint64_t set = bit(signal);
	struct timespec now = {0, 0};

	if (!(before & set) && pending() & set)
		sys_call(SYS_rt_sigtimedwait, (long)&set, 0, (long)&now, SYS_SIGSET_BYTES, 0, 0);
}

/* -- One at a time -------------------------------------------------------------------------- */

static _Atomic int *slot_of(int format)
{
	bool private = format >= 0 && format & VMATLAS_REQUEST_PRIVATE;

	return private ? &self.next_private : &self.next_format;
}

/* A private request first; the other, if there was one as well, is met by one more round. */
static int take_next(void)
{
	int format = atomic_exchange(&self.next_private, NO_REQUEST);

	if (format == NO_REQUEST)
		return atomic_exchange(&self.next_format, NO_REQUEST);
	if (atomic_load(&self.next_format) != NO_REQUEST)
		atomic_store(&locks()->dumping, DUMPING_AGAIN);
	return format;
}

static bool begin(int format)
{
	uint32_t state = DUMPING_NOT;

	if (atomic_compare_exchange_strong(&locks()->dumping, &state, DUMPING))
		return true;
	atomic_store(slot_of(format), format);
	while (state == DUMPING &&
		!atomic_compare_exchange_weak(&locks()->dumping, &state, DUMPING_AGAIN))
		;
	if (state != DUMPING_NOT)
		return false;
	/* It has just ended without us. */
	atomic_store(slot_of(format), NO_REQUEST);
	return begin(format);
}

/* False when another request came meanwhile: it is ours now. */
static bool end(int *format)
{
	uint32_t state = DUMPING;

	while (!atomic_compare_exchange_strong(&locks()->dumping, &state, DUMPING_NOT)) {
		state = DUMPING;
		atomic_store(&locks()->dumping, DUMPING);
		*format = take_next();
		/* None: it was taken between its being noted and its being said. */
		if (*format != NO_REQUEST)
			return false;
	}
	return true;
}

static void state_process(void)
{
	if (vmatlas_state.pid != (uint32_t)process_pid()) {
		self.number = 0;
		vmatlas_state.started = vmatlas_state.finished = 0;
		vmatlas_state.private_finished = 0;
		vmatlas_state.spent_ns = 0;
	}
	vmatlas_state.pid = (uint32_t)process_pid();
}

static void work(void *argument, const struct aside_registers *registers)
{
	struct request *request = argument;
	uint64_t begun;

	(void)registers;
	do {
		state_process();
		vmatlas_state.started++;
		self.number++;
		begun = clock_read().monotonic_ns;
		request->error = session_report(request->reason, request->format, &self.number);
		vmatlas_state.spent_ns += clock_read().monotonic_ns - begun;
		vmatlas_state.finished++;
	} while (!end(&request->format));
}

static void run(struct request *request)
{
	uint64_t before = pending();

	lock_unwatched_begin();
	aside_switch(work, request, self.stack_top);
	lock_unwatched_end();
	swallow(before, SIGPIPE);
	swallow(before, SIGXFSZ);
}

static bool is_possible(void)
{
	return boot_done() && self.stack_top && !process_vforked();
}

int dump(const char *reason, int format)
{
	struct request request = {reason, format, EBUSY};
	uint64_t signals;

	if (!is_possible())
		return EAGAIN;
	sys_signals_block(&signals);
	if (begin(format))
		run(&request);
	sys_signals_restore(&signals);
	return request.error;
}

/* Where a dump is at work on another thread, it keeps what it has. */
void dump_confine(uint64_t addresses)
{
	struct request request = {"signal", -1, 0};
	uint32_t state = DUMPING_NOT;
	uint64_t signals;

	if (!is_possible())
		return;
	sys_signals_block(&signals);
	if (atomic_compare_exchange_strong(&locks()->dumping, &state, DUMPING)) {
		scratch_shrink(addresses);
		if (!end(&request.format))
			run(&request);
	}
	sys_signals_restore(&signals);
}

void dump_wait(void)
{
	struct timespec moment = {0, 1000000};

	for (int ms = 0; ms < WAIT_MOST_MS && atomic_load(&locks()->dumping) != DUMPING_NOT; ms++)
		sys_call(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
}

/* A program that asked for the default action and then sends itself the signal wants to end by it;
 * anybody else wants a report. */
static bool is_own_end(int signal, const siginfo_t *info)
{
	return signals_default_wanted(signal) && info->si_code <= 0 &&
	       info->si_pid == sys_getpid() && info->si_code != SI_QUEUE;
}

/* Only what `vmatlas dump` sends says which form is wanted. */
static int format_wanted(const siginfo_t *info)
{
	int value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;

	int format = value & (3 | VMATLAS_REQUEST_PRIVATE);

	return value == VMATLAS_REQUEST(format) && (format & 3) <= CONFIG_SNAPSHOT ? format : -1;
}

void dump_on_signal(int signal, siginfo_t *info, void *context)
{
	const char *reason = "signal";
	int error = errno;

	interrupt_begin();
	if (interval_sent(info))
		reason = watch_reason();
	if (is_own_end(signal, info))
		signals_let_through(signal, info);
	else if (reason)
		dump(reason, format_wanted(info));
	interrupt_note(context);
	errno = error;
}

void dump_boot(void)
{
	char *stack = store_take(STACK_SIZE);

	if (stack)
		self.stack_top = stack + STACK_SIZE;
	scratch_boot();
	state_process();
}
