/* dumped.c - how long a report of a large process takes, and what another thread feels of it.
 *
 *    dumped BLOCKS MAPPINGS CALLSTACKS DUMPS
 *
 * Makes so much, then sends itself SIGUSR2 while a second thread allocates and looks at the clock.
 * Prints a line of JSON for a stretch of 300 ms without a report, and one for each report: how long
 * the signal took, how much of that was work, the largest gap between two looks of the second
 * thread, and how often it waited for anything (its voluntary context switches): a gap in which it
 * did not wait is the scheduler's, who had other work for its processor. */
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* 2^14 ways through two functions. */
enum { LEVELS = 14, QUIET_US = 300000 };

struct felt {
	double gap_ms;
	long waits;
};

static void **blocks;
static struct felt felt;             /* the beating thread's, until answered == asked */
static atomic_ulong asked, answered; /* only grow */

static double clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static double cpu_ms(void)
{
	return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static void *descend(unsigned path, int level, size_t size);

static __attribute__((noinline)) void *by_zero(unsigned path, int level, size_t size)
{
	void *volatile block = descend(path >> 1, level - 1, size);

	return block;
}

static __attribute__((noinline)) void *by_one(unsigned path, int level, size_t size)
{
	void *volatile block = descend(path >> 1, level - 1, size);

	return block;
}

static __attribute__((noinline)) void *descend(unsigned path, int level, size_t size)
{
	void *volatile block;

	if (!level)
		block = malloc(size);
	else if (path & 1)
		block = by_one(path, level, size);
	else
		block = by_zero(path, level, size);
	return block;
}

static void make_blocks(long wanted, unsigned callstacks)
{
	blocks = malloc((size_t)wanted * sizeof *blocks);
	for (long i = 0; i < wanted; i++)
		blocks[i] = descend((unsigned)i % callstacks, LEVELS, 16 + (size_t)i % 100);
}

/* Neighbours of different rights do not become one mapping. */
static void make_mappings(long wanted)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (long i = 0; i < wanted; i++) {
		char *at = mmap(NULL, page, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			error(1, errno, "mapping %ld", i);
		if (i % 2)
			*at = 1;
	}
}

static long waits_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

static _Noreturn void *beat(void *unused)
{
	double last = now_ms(), now, gap = 0;
	long waits = waits_now();

	(void)unused;
	for (;;) {
		free(malloc(100));
		now = now_ms();
		if (now - last > gap)
			gap = now - last;
		last = now;
		if (atomic_load(&asked) == atomic_load(&answered))
			continue;
		felt = (struct felt){gap, waits_now() - waits};
		waits = waits_now();
		gap = 0;
		last = now_ms();
		atomic_store(&answered, atomic_load(&asked));
	}
}

/* What the thread felt since the last question. */
static struct felt ask(void)
{
	unsigned long question = atomic_fetch_add(&asked, 1) + 1;

	while (atomic_load(&answered) < question)
		usleep(100);
	return felt;
}

/* From `start` until now, and how much of that this thread worked. */
static void tell(const char *what, double start, double cpu_start)
{
	double end = now_ms(), cpu_end = cpu_ms();
	struct felt it = ask();

	printf("{\"what\": \"%s\", \"ms\": %.3f, \"cpu_ms\": %.3f, \"gap_ms\": %.3f, "
	       "\"waits\": %ld}\n",
		what, end - start, cpu_end - cpu_start, it.gap_ms, it.waits);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	double start, cpu_start;

	if (argc != 5)
		error(2, 0, "BLOCKS MAPPINGS CALLSTACKS DUMPS");
	make_mappings(atol(argv[2]));
	make_blocks(atol(argv[1]), (unsigned)atoi(argv[3]));
	pthread_create(&thread, NULL, beat, NULL);
	ask();
	start = now_ms();
	cpu_start = cpu_ms();
	usleep(QUIET_US);
	tell("quiet", start, cpu_start);
	for (int i = 0; i < atoi(argv[4]); i++) {
		start = now_ms();
		cpu_start = cpu_ms();
		raise(SIGUSR2);
		tell("report", start, cpu_start);
	}
	return 0;
}
