#include "interval.h"
#include "config.h"
#include "signals.h"
#include "sys.h"

#include <string.h>

/* What our timer's signals carry, and no other's. */
enum { MARK = 0x564d4954 };

static struct {
	int timer; /* the kernel's number of it */
} self;

static bool create(void)
{
	struct sigevent event;

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = signals_armed();
	event.sigev_value.sival_int = MARK;
	return !sys_call(
		SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&self.timer, 0, 0, 0);
}

void interval_start(void)
{
	struct itimerspec times = {
		.it_interval = {config()->interval_s, 0}, .it_value = {config()->interval_s, 0}};

	if (!config()->interval_s || !signals_armed())
		return;
	if (create())
		sys_call(SYS_timer_settime, self.timer, 0, (long)&times, 0, 0, 0);
}

bool interval_sent(const siginfo_t *info)
{
	return info->si_code == SI_TIMER && info->si_value.sival_int == MARK;
}
