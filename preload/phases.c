#include "phases.h"
#include "clock.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"
#include "sys.h"
#include "totals.h"

#include "core/view.h"

#include <errno.h>
#include <string.h>

static struct {
	struct lane lane; /* under locks()->phases */
	_Atomic uint64_t lost;
} self STORETABLES = {.lane = {.record_size = sizeof(struct vmatlas_phase)}};

/* The second number of statm (proc_pid_statm(5)), in bytes; 0 where it cannot be read. */
static uint64_t resident(void)
{
	char text[128] = "", *at;
	int fd = sys_open("/proc/thread-self/statm", O_RDONLY);
	uint64_t pages = 0;

	if (fd < 0)
		return 0;
	sys_read(fd, text, sizeof text - 1);
	sys_close(fd);
	at = strchr(text, ' ');
	while (at && *++at >= '0' && *at <= '9')
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * 4096;
}

/* The counters of other threads go on meanwhile, allocations before frees. */
static uint64_t less(uint64_t more, uint64_t fewer)
{
	return more > fewer ? more - fewer : 0;
}

static void fill(struct vmatlas_phase *phase, const char *name)
{
	struct thread_totals totals = totals_read();
	bool known = totals.allocations != VIEW_UNKNOWN;
	struct thread *thread = thread_attach();
	size_t length = strnlen(name, sizeof phase->name);

	phase->time = clock_ticks();
	phase->live_bytes = known ? less(totals.allocated_bytes, totals.freed_bytes) : VIEW_UNKNOWN;
	phase->live_blocks = known ? less(totals.allocations, totals.frees) : VIEW_UNKNOWN;
	phase->allocations = totals.allocations;
	phase->allocated_bytes = totals.allocated_bytes;
	phase->rss = resident();
	phase->thread = thread ? thread->id : 0;
	phase->name_length = (uint32_t)length;
	memcpy(phase->name, name, length);
}

/* A name that is cut ends with a whole character. */
static void mend_name(struct vmatlas_phase *phase, const char *name)
{
	uint32_t length = phase->name_length;

	if (length < sizeof phase->name || !name[length])
		return;
	while (length && (name[length] & 0xc0) == 0x80)
		length--;
	if (length)
		phase->name_length = length;
}

static uint32_t take(void)
{
	struct held held;
	uint32_t id;

	if (!lock_take(&locks()->phases, &held))
		return 0;
	id = store_append(&self.lane, PHASES_MOST);
	lock_release(&held);
	return id;
}

/* Readers take it for whole once it has a time. */
static void publish(struct vmatlas_phase *phase, const struct vmatlas_phase *made)
{
	struct vmatlas_phase unfinished = *made;

	unfinished.time = 0;
	*phase = unfinished;
	__atomic_store_n(&phase->time, made->time, __ATOMIC_RELEASE);
}

int phases_mark(const char *name)
{
	struct vmatlas_phase made = {0};
	uint32_t id;

	fill(&made, name);
	mend_name(&made, name);
	id = take();
	if (!id) {
		atomic_fetch_add_explicit(&self.lost, 1, memory_order_relaxed);
		return ENOSPC;
	}
	publish(lane_get(&self.lane, id), &made);
	return 0;
}

const struct lane *phases_lane(void)
{
	return &self.lane;
}

uint64_t phases_lost(void)
{
	return atomic_load_explicit(&self.lost, memory_order_relaxed);
}
