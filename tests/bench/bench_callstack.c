/* What one captured call stack costs, by depth: the same place again and again, two places in
 * turn, and a random walk between call sites. Beside it libunwind's own unw_backtrace.
 *
 * cc -O2 -Ipreload -Iinclude tests/bench/bench_callstack.c build/units.a */
#include "callstack.h"
#include "vmatlas_store.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 20000, REPEATS = 60 };

static struct callstack state;
static int (*unw_backtrace)(void **frames, int capacity);
static volatile unsigned sink;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static __attribute__((noinline)) uint32_t capture(void)
{
	struct callstack_at at = CALLSTACK_HERE();

	return callstack_capture(&state, &at);
}

static __attribute__((noinline)) unsigned backtrace_now(void)
{
	void *frames[256];

	return (unsigned)unw_backtrace(frames, 256);
}

/* Three ways to the leaf: one, two and four frames are fresh. */
static __attribute__((noinline)) void leaf_near(unsigned (*take)(void))
{
	sink += take();
	__asm__ volatile("");
}

static __attribute__((noinline)) void leaf_far(unsigned (*take)(void), int more)
{
	if (more)
		leaf_far(take, more - 1);
	else
		leaf_near(take);
	__asm__ volatile("");
}

typedef void run_function(unsigned (*take)(void));

static void run_same(unsigned (*take)(void))
{
	for (int i = 0; i < ROUNDS; i++)
		leaf_near(take);
}

static void run_two(unsigned (*take)(void))
{
	for (int i = 0; i < ROUNDS / 2; i++) {
		leaf_near(take);
		leaf_near(take);
	}
}

static void run_random(unsigned (*take)(void))
{
	unsigned seed = 1;

	for (int i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245 + 12345;
		leaf_far(take, (int)(seed >> 16 & 7));
	}
}

static __attribute__((noinline)) double deep(int depth, run_function *run, unsigned (*take)(void))
{
	double start, result;

	if (depth > 0) {
		result = deep(depth - 1, run, take);
		__asm__ volatile("");
		return result;
	}
	start = now_ns();
	run(take);
	return (now_ns() - start) / ROUNDS;
}

static double best(int depth, run_function *run, unsigned (*take)(void))
{
	double least = 1e9, once;

	for (int i = 0; i < REPEATS; i++) {
		once = deep(depth, run, take);
		if (once < least)
			least = once;
	}
	return least;
}

int main(void)
{
	static const int depths[] = {15, 35, 100, 230};
	static const struct {
		const char *name;
		run_function *run;
	} runs[] = {{"same", run_same}, {"two", run_two}, {"random", run_random}};

	unw_backtrace = (__typeof__(unw_backtrace))dlsym(
		dlopen("libunwind.so.8", RTLD_NOW), "unw_backtrace");
	callstack_boot(256, false);
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned j = 0; j < 3; j++) {
			int above = depths[i] - 6; /* leaf, run, deep, best, main and libc's two */

			printf("depth %3d %-6s %6.1f ns", depths[i], runs[j].name,
				best(above, runs[j].run, capture));
			printf("   unw_backtrace %6.1f ns\n",
				best(above, runs[j].run, backtrace_now));
		}
	}
	return 0;
}
