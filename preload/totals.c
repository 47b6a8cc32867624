#include "totals.h"
#include "clock.h"
#include "process.h"
#include "procfile.h"
#include "track.h"

#include "core/view.h"

#include <string.h>

enum { STATUS = 2048 };

/* An allocation takes 16 ns at least, and the kernel knows at most 8,192 processors (NR_CPUS). */
enum { MOST_IN_A_NS = 8192 / 16 };

/* Counters only grow: each as it was when it was last read. Who acquires what another has released
 * here sees the counters as that one did, or later. */
struct told {
	_Atomic uint64_t allocations, allocated_bytes, frees, freed_bytes;
};

static struct {
	struct told told;
	_Atomic unsigned forks;              /* before which it was told */
	_Atomic bool counts_lost, peak_lost; /* for good: later values are as wrong */
} self;

static uint64_t load(const _Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_acquire);
}

static void tell(const struct thread_totals *totals)
{
	struct told *told = &self.told;

	atomic_store_explicit(&told->allocations, totals->allocations, memory_order_release);
	atomic_store_explicit(
		&told->allocated_bytes, totals->allocated_bytes, memory_order_release);
	atomic_store_explicit(&told->frees, totals->frees, memory_order_release);
	atomic_store_explicit(&told->freed_bytes, totals->freed_bytes, memory_order_release);
}

/* A fork copies page after page while the parent's other threads go on: in the child, what was told
 * may be later than the counters are. */
static void forget_parent(void)
{
	unsigned forks = process_forks();

	if (atomic_load_explicit(&self.forks, memory_order_acquire) == forks)
		return;
	tell(&(struct thread_totals){0});
	atomic_store_explicit(&self.forks, forks, memory_order_release);
}

static struct thread_totals told_before(void)
{
	forget_parent();
	return (struct thread_totals){
		.allocations = load(&self.told.allocations),
		.allocated_bytes = load(&self.told.allocated_bytes),
		.frees = load(&self.told.frees),
		.freed_bytes = load(&self.told.freed_bytes),
	};
}

static bool have_fallen(const struct thread_totals *before, const struct thread_totals *now)
{
	return now->allocations < before->allocations || now->frees < before->frees ||
	       now->allocated_bytes < before->allocated_bytes ||
	       now->freed_bytes < before->freed_bytes;
}

/* As many as time allows, since the shim was loaded, also into a parent; and a coarse clock's step
 * more. */
static uint64_t allocations_most(void)
{
	const uint64_t step_ns = 10000000;

	return (clock_read().monotonic_ns - clock_start().monotonic_ns + step_ns) * MOST_IN_A_NS;
}

/* Blocks of callers without a thread are freed by those that have one. */
static bool contradict(const struct thread_totals *now)
{
	uint64_t elsewhere = track_counts().elsewhere_allocations;

	return now->frees > now->allocations + elsewhere ||
	       (!elsewhere && now->freed_bytes > now->allocated_bytes) ||
	       now->allocations > allocations_most();
}

static void forget_counts(struct thread_totals *totals)
{
	totals->allocations = totals->allocated_bytes = VIEW_UNKNOWN;
	totals->frees = totals->freed_bytes = VIEW_UNKNOWN;
}

/* What was told before is read first: of two that read at once, neither has told the other of a
 * future. */
struct thread_totals totals_read(void)
{
	struct thread_totals before = told_before(), totals = thread_totals();

	if (totals.unreadable || have_fallen(&before, &totals) || contradict(&totals))
		atomic_store_explicit(&self.counts_lost, true, memory_order_relaxed);
	if (atomic_load_explicit(&self.counts_lost, memory_order_relaxed))
		forget_counts(&totals);
	else
		tell(&totals);
	if (totals.peak_lost || atomic_load_explicit(&self.peak_lost, memory_order_relaxed))
		totals.peak_live_bytes = VIEW_UNKNOWN;
	return totals;
}

/* The most bytes that were ever mapped: VmPeak in proc_pid_status(5). As many as there can be where
 * it is not told. */
static uint64_t most_mapped(void)
{
	char status[STATUS];
	const char *found = NULL;
	uint64_t kib = 0;

	if (procfile_read("/proc/thread-self/status", status, sizeof status))
		found = strstr(status, "\nVmPeak:");
	if (!found)
		return VIEW_UNKNOWN - 1;
	for (found += sizeof "\nVmPeak:" - 1; *found == ' ' || *found == '\t'; found++)
		;
	for (; *found >= '0' && *found <= '9'; found++)
		kib = kib * 10 + (uint64_t)(*found - '0');
	return kib * 1024;
}

/* A forked child has the peak of its parent, and not the parent's VmPeak. */
struct thread_totals totals_report(void)
{
	struct thread_totals totals = totals_read();
	uint64_t most;

	if (totals.peak_live_bytes == VIEW_UNKNOWN)
		return totals;
	most = most_mapped();
	if (most < totals.peak_inherited)
		most = totals.peak_inherited;
	if (totals.peak_live_bytes > most + totals.peak_error) {
		atomic_store_explicit(&self.peak_lost, true, memory_order_relaxed);
		totals.peak_live_bytes = VIEW_UNKNOWN;
	}
	return totals;
}
