#include "clock.h"
#include "sys.h"

#include <string.h>

#define NS_PER_S 1000000000u

_Atomic bool clock_by_tsc;

static struct {
	uint64_t frequency;
	struct clock_pair start;
	/* Where coarse time goes on from: one and the same moment. */
	uint64_t coarse_ns, coarse_ticks;
	uint64_t step_ns; /* of coarse time: one tick of the kernel's, 1 to 10 ms */
} self = {.frequency = NS_PER_S};

/* A tick is a nanosecond but where the time stamp counter was given up; a division of 128 bits
 * would cost more than to ask for the time. */
static uint64_t ticks_of(uint64_t monotonic_ns)
{
	uint64_t passed = monotonic_ns - self.coarse_ns;

	if (__builtin_expect(self.frequency != NS_PER_S, 0))
		passed = (uint64_t)((__uint128_t)passed * self.frequency / NS_PER_S);
	return self.coarse_ticks + passed;
}

uint64_t clock_ticks_coarse(void)
{
	return ticks_of(sys_time_ns(CLOCK_MONOTONIC_COARSE));
}

#if defined __x86_64__
#include <cpuid.h>

/* Where the kernel itself trusts the counter, it is the same on all processors and does not stop
 * (Documentation/virt/kvm/x86/timekeeping.rst). */
static bool tsc_trusted(void)
{
	char name[16] = "";
	int fd = sys_open(
		"/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY);

	if (fd < 0)
		return false;
	sys_read(fd, name, sizeof name - 1);
	sys_close(fd);
	return !strncmp(name, "tsc\n", 4);
}

/* CPUID leaf 0x15 gives the rate only on some Intel parts, so it is measured against the
 * monotonic clock over so short a time that nobody notices. A few percent are enough. */
static uint64_t tsc_frequency(void)
{
	uint64_t ns = sys_time_ns(CLOCK_MONOTONIC), ticks = __builtin_ia32_rdtsc(), later;

	do
		later = sys_time_ns(CLOCK_MONOTONIC);
	while (later - ns < 20000);
	return (__builtin_ia32_rdtsc() - ticks) * NS_PER_S / (later - ns);
}
#else
static bool tsc_trusted(void)
{
	return false;
}

static uint64_t tsc_frequency(void)
{
	return NS_PER_S;
}
#endif

struct clock_pair clock_read(void)
{
	struct clock_pair pair = {.monotonic_ns = sys_time_ns(CLOCK_MONOTONIC)};

	pair.ticks = clock_by_tsc ? clock_ticks() : ticks_of(pair.monotonic_ns);
	pair.realtime_ns = sys_time_ns(CLOCK_REALTIME);
	return pair;
}

struct clock_pair clock_start(void)
{
	return self.start;
}

uint64_t clock_step(void)
{
	return clock_by_tsc ? 0 : (uint64_t)((__uint128_t)self.step_ns * self.frequency / NS_PER_S);
}

uint64_t clock_frequency(void)
{
	return self.frequency;
}

void clock_forsake_tsc(void)
{
	self.coarse_ticks = clock_ticks();
	self.coarse_ns = sys_time_ns(CLOCK_MONOTONIC_COARSE);
	atomic_store_explicit(&clock_by_tsc, false, memory_order_release);
	filter_flags.no_tsc = true;
}

/* Coarse time lags behind; nothing that it stamps shall seem older than the start. */
static void start_coarsely(void)
{
	uint64_t lag = self.start.ticks - clock_ticks_coarse();

	self.start.ticks -= lag;
	self.start.monotonic_ns -= lag;
	self.start.realtime_ns -= lag;
}

void clock_boot(void)
{
	struct timespec step = {0, 0};

	clock_getres(CLOCK_MONOTONIC_COARSE, &step);
	self.step_ns = (uint64_t)step.tv_nsec;
	clock_by_tsc = tsc_trusted();
	self.frequency = clock_by_tsc ? tsc_frequency() : NS_PER_S;
	self.start = clock_read();
	if (!clock_by_tsc)
		start_coarsely();
}
