#include "watch.h"
#include "cgroup.h"
#include "config.h"
#include "procfile.h"
#include "state.h"
#include "sys.h"

#include <stdatomic.h>

enum {
	/* A program that fills its memory with 1 GiB/s passes 250 MiB unseen. To look at RSS takes
	 * 30 us in a loop, 250 us with all that comes with an interrupted sleep; at the control
	 * groups ten times as many files. */
	STEP_MS = 250,
	STEPS_OF_LIMIT = 4,
	/* Once told, it must get so much better before it is told again. */
	RELIEF_PERCENT = 5,
	REFUSED_NS = 1000000000, /* times 10: no enum holds more */
	PAGE = 4096,
};

static struct {
	_Atomic bool looking;
	uint64_t interval_ns; /* when the next of VMATLAS_INTERVAL is due, by CLOCK_MONOTONIC */
	_Atomic uint64_t rss_mark;
	uint32_t looks;
	bool near_told;
	_Atomic uint64_t refused_ns; /* when a failure was last told; 0: never */
} self;

static uint64_t now_ns(void)
{
	return sys_time_ns(CLOCK_MONOTONIC);
}

/* -- RSS ------------------------------------------------------------------------------------ */

/* The second figure of statm: resident pages (proc_pid_statm(5)). Some pages late with several
 * threads, as the kernel counts by thread: what smaps says is exact, and takes a hundred times as
 * long. 0 where it cannot be read. */
static uint64_t read_rss(void)
{
	char text[128];
	const char *at = text;
	uint64_t pages = 0;

	if (!procfile_read("/proc/thread-self/statm", text, sizeof text))
		return 0;
	while (*at >= '0' && *at <= '9')
		at++;
	for (at += *at == ' '; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * PAGE;
}

static void set_mark(uint64_t rss)
{
	if (rss)
		atomic_store(&self.rss_mark, rss + config()->growth);
}

void watch_grown(void)
{
	set_mark(read_rss());
}

static bool rss_has_grown(void)
{
	uint64_t rss = config()->growth ? read_rss() : 0;
	uint64_t mark = atomic_load(&self.rss_mark);

	if (!rss || (mark && rss < mark))
		return false;
	set_mark(rss);
	return mark != 0;
}

/* -- Control groups ------------------------------------------------------------------------- */

static bool limit_is_near(void)
{
	const char *folder = config()->cgroups;
	unsigned percent = config()->limit_percent;
	unsigned relief = percent > RELIEF_PERCENT ? percent - RELIEF_PERCENT : 1;

	if (!percent || self.looks++ % STEPS_OF_LIMIT)
		return false;
	if (self.near_told) {
		self.near_told = cgroup_is_near(folder, relief);
		return false;
	}
	self.near_told = cgroup_is_near(folder, percent);
	return self.near_told;
}

/* -- The seconds ---------------------------------------------------------------------------- */

static bool interval_is_over(void)
{
	uint64_t step = (uint64_t)config()->interval_s * 1000000000, now = now_ns();

	/* The timer's own lateness must not add up. */
	if (!step || now + STEP_MS * 1000000ull / 2 < self.interval_ns)
		return false;
	do
		self.interval_ns += step;
	while (self.interval_ns <= now);
	return true;
}

/* -- All of it ------------------------------------------------------------------------------ */

void watch_start(void)
{
	if (config()->interval_s)
		self.interval_ns = now_ns() + (uint64_t)config()->interval_s * 1000000000;
	if (config()->growth)
		watch_grown();
}

uint64_t watch_step_ms(void)
{
	if (config()->growth || config()->limit_percent)
		return STEP_MS;
	return (uint64_t)config()->interval_s * 1000;
}

static const char *look(void)
{
	bool over = interval_is_over(), near = limit_is_near();

	/* A report at work has memory of its own, which is no growth of the program's. */
	if (vmatlas_state.started == vmatlas_state.finished && rss_has_grown())
		return "growth";
	return near ? "limit" : over ? "interval" : NULL;
}

const char *watch_reason(void)
{
	const char *reason;

	if (atomic_exchange(&self.looking, true))
		return NULL;
	reason = look();
	atomic_store(&self.looking, false);
	return reason;
}

bool watch_refused(void)
{
	uint64_t last = atomic_load(&self.refused_ns), now = now_ns();

	if (last && now - last < 10ull * REFUSED_NS)
		return false;
	return atomic_compare_exchange_strong(&self.refused_ns, &last, now);
}
