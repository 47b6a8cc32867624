/* pair.c - what a pair of malloc and free costs, in nanoseconds of CPU time.
 *
 *    pair SHAPE NUMBER PAIRS [THREADS]
 *
 *    one FRAMES        all from one place, so many frames deep
 *    two FRAMES        from two functions in turn: three frames of each call stack are new
 *    many PATHS        by a random one of so many ways through ten frames
 *    recursion FRAMES  one pair in each frame of a recursion: malloc on the way down, free on
 *                      the way up
 *    beside BLOCKS     from one place, beside so many live blocks
 *    among BLOCKS      a random one of so many live blocks is freed, another made
 *    maps MAPPINGS     from one place, in a process of so many mappings
 *
 * Prints the median over parts of the run, averaged over the threads, each of which does all PAIRS.
 * Callgrind counts the same program. */
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* 40 bytes, a usual size. PARTS is odd: the median is one of them. */
enum { BLOCK = 40, PARTS = 21, LEVELS = 10, THREADS_MOST = 64 };

struct shape {
	const char *name;
	void (*prepare)(long number); /* in the main thread; or NULL */
	void (*pairs)(long count, long number);
	int frames; /* of the innermost's when deep() does not recurse; 0: depth does not matter */
};

static const struct shape *shape;
static long number, count;
static void **blocks;

static __attribute__((noinline)) void pair(void)
{
	void *volatile block = malloc(BLOCK);

	free(block);
}

static __attribute__((noinline)) void left(void)
{
	pair();
	__asm__ volatile("");
}

static __attribute__((noinline)) void right(void)
{
	pair();
	__asm__ volatile("");
}

static __attribute__((noinline)) void pairs_one(long pairs, long unused)
{
	(void)unused;
	for (long i = 0; i < pairs; i++)
		pair();
}

static __attribute__((noinline)) void pairs_two(long pairs, long unused)
{
	(void)unused;
	for (long i = 0; i < pairs; i += 2) {
		left();
		right();
	}
}

/* Marsaglia's xorshift, 64 bits: the same choices on every machine. */
static unsigned long next_random(unsigned long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void descend(unsigned path, int level);

static __attribute__((noinline)) void by_zero(unsigned path, int level)
{
	descend(path >> 1, level - 1);
	__asm__ volatile("");
}

static __attribute__((noinline)) void by_one(unsigned path, int level)
{
	descend(path >> 1, level - 1);
	__asm__ volatile("");
}

/* Part of its callers, so that each level is one frame. */
static inline __attribute__((always_inline)) void descend(unsigned path, int level)
{
	if (!level)
		pair();
	else if (path & 1)
		by_one(path, level);
	else
		by_zero(path, level);
}

static void pairs_many(long pairs, long paths)
{
	static __thread unsigned long state = 2463534242;

	for (long i = 0; i < pairs; i++)
		descend((unsigned)(next_random(&state) % (unsigned long)paths), LEVELS);
}

static __attribute__((noinline)) void recurse(long depth)
{
	void *volatile block = malloc(BLOCK);

	if (depth > 1)
		recurse(depth - 1);
	free(block);
}

static void pairs_recursion(long pairs, long depth)
{
	for (long i = 0; i < pairs; i += depth)
		recurse(depth);
}

static void *some_block(unsigned long *state)
{
	size_t size = 16 + next_random(state) % 113;
	char *block = malloc(size);

	if (!block)
		error(1, ENOMEM, "a block");
	block[0] = 1;
	return block;
}

static void prepare_blocks(long wanted)
{
	unsigned long state = 88172645463325252;

	blocks = malloc((size_t)wanted * sizeof *blocks);
	for (long i = 0; i < wanted; i++)
		blocks[i] = some_block(&state);
}

static void pairs_among(long pairs, long all)
{
	static unsigned long state = 362436069;
	long chosen;

	for (long i = 0; i < pairs; i++) {
		chosen = (long)(next_random(&state) % (unsigned long)all);
		free(blocks[chosen]);
		blocks[chosen] = some_block(&state);
	}
}

static long mappings_now(void)
{
	long lines = 0;
	FILE *file = fopen("/proc/self/maps", "re");

	for (int c; file && (c = getc(file)) != EOF;)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

/* Neighbours of different rights do not become one mapping. */
static void prepare_maps(long wanted)
{
	long page = sysconf(_SC_PAGESIZE), more = wanted - mappings_now();

	for (long i = 0; i < more; i++) {
		if (mmap(NULL, (size_t)page, i % 2 ? PROT_READ : PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			error(1, errno, "mapping %ld", i);
	}
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int less(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static __attribute__((noinline)) double measure(void)
{
	double parts[PARTS], start;
	long each = count / PARTS;

	for (int i = 0; i < PARTS; i++) {
		start = now_ns();
		shape->pairs(each, number);
		parts[i] = (now_ns() - start) / (double)each;
	}
	qsort(parts, PARTS, sizeof parts[0], less);
	return parts[PARTS / 2];
}

static __attribute__((noinline)) double deep(long depth)
{
	double result;

	result = depth > 0 ? deep(depth - 1) : measure();
	__asm__ volatile("");
	return result;
}

static pthread_barrier_t done;
static bool beside;

/* Of several threads none ends before all are done: the next would have its memory, and its lines
 * of the cache. */
static void *run(void *result)
{
	*(double *)result = deep(shape->frames ? number - shape->frames : 0);
	if (beside)
		pthread_barrier_wait(&done);
	return NULL;
}

static double run_threads(int threads)
{
	pthread_t thread[THREADS_MOST];
	double result[THREADS_MOST], sum = 0;

	beside = !pthread_barrier_init(&done, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, run, &result[i]))
			error(1, 0, "no thread");
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += result[i];
	}
	return sum / threads;
}

/* Six frames of ours from main to the pair, and three of libc's around main; `two` has one more. In
 * a thread there are two less. */
static const struct shape shapes[] = {
	{"one", NULL, pairs_one, 9},
	{"two", NULL, pairs_two, 10},
	{"many", NULL, pairs_many, 0},
	{"recursion", NULL, pairs_recursion, 0},
	{"beside", prepare_blocks, pairs_one, 0},
	{"among", prepare_blocks, pairs_among, 0},
	{"maps", prepare_maps, pairs_one, 0},
};

static const struct shape *find_shape(const char *name)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	error(2, 0, "no shape %s", name);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 4 ? atoi(argv[4]) : 0;
	double result;

	if (argc < 4 || threads > THREADS_MOST)
		error(2, 0, "SHAPE NUMBER PAIRS [THREADS]");
	shape = find_shape(argv[1]);
	number = atol(argv[2]);
	count = atol(argv[3]);
	if (shape->prepare)
		shape->prepare(number);
	if (threads)
		result = run_threads(threads);
	else
		run(&result);
	printf("%.2f\n", result);
	return 0;
}
