#include "interval.h"
#include "signals.h"
#include "sys.h"
#include "watch.h"

#include <string.h>

/* What our timer's signals carry, and no other's. */
enum { MARK = 0x564d4954 };

static struct {
	int timer;  /* the kernel's number of it */
	int signal; /* what it sends; 0 where there is none */
	int pid;    /* whose it is */
} self;

static bool create(int signal)
{
	struct sigevent event;

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = signal;
	event.sigev_value.sival_int = MARK;
	return !sys_call(
		SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&self.timer, 0, 0, 0);
}

static void begin(void)
{
	uint64_t ms = watch_step_ms();
	struct timespec step = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	struct itimerspec times = {.it_interval = step, .it_value = step};
	int signal = signals_spare();

	if (!signal || !create(signal))
		return;
	self.signal = signal;
	self.pid = sys_getpid();
	sys_call(SYS_timer_settime, self.timer, 0, (long)&times, 0, 0, 0);
}

/* The program's handler must not be called for us, and its default action would end the process: a
 * timer that sends this signal goes, and another comes with another. */
static void give_way(int signal)
{
	if (!signal && !self.signal) {
		begin();
	} else if (signal && signal == self.signal) {
		self.signal = 0;
		sys_call(SYS_timer_delete, self.timer, 0, 0, 0, 0, 0);
	}
}

void interval_start(void)
{
	if (!watch_step_ms())
		return;
	watch_start();
	begin();
	signals_watch(give_way);
}

bool interval_runs(void)
{
	return self.signal && self.pid == sys_getpid();
}

bool interval_sent(const siginfo_t *info)
{
	return info->si_code == SI_TIMER && info->si_value.sival_int == MARK;
}
