/* clock.h - cheap time.
 *
 * A tick is one count of the processor's time stamp counter where the kernel keeps its own time by
 * it, else a nanosecond of the coarse clock. What a tick is worth is found at each dump, from the
 * ticks and the nanoseconds since the start. */
#ifndef VMATLAS_CLOCK_H
#define VMATLAS_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Two readings of the same instant, the realtime one for people. */
struct clock_pair {
	uint64_t ticks, monotonic_ns, realtime_ns;
};

/* Whether a tick is one of the time stamp counter's. Set at the start, cleared once at most. */
extern _Atomic bool clock_by_tsc __attribute__((visibility("hidden")));

/* The time where it is not. Anywhere. */
uint64_t clock_ticks_coarse(void);

/* 10 ns; 6 ns by the coarse clock. Anywhere. */
static inline uint64_t clock_ticks(void)
{
#if defined __x86_64__
	if (__builtin_expect(atomic_load_explicit(&clock_by_tsc, memory_order_relaxed), 1))
		return __builtin_ia32_rdtsc();
#endif
	return clock_ticks_coarse();
}

/* Anywhere. */
struct clock_pair clock_read(void);

/* The pair that was read at the start. Anywhere. */
struct clock_pair clock_start(void);

/* So many ticks may have passed unnoticed since what clock_ticks says; 0 by the time stamp counter.
 * Anywhere. */
uint64_t clock_step(void);

/* About how many ticks a second has; good to a few percent. Anywhere. */
uint64_t clock_frequency(void);

/* From now on the time stamp counter is not read, which the program is about to forbid: time goes
 * on in the steps of the coarse clock. Anywhere. */
void clock_forsake_tsc(void);

/* Start only. */
void clock_boot(void);

#endif
