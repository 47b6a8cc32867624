/* A malloc storm: THREADS threads allocate, resize, hand over and release blocks for MILLISECONDS,
 * each block filled with a pattern that is checked before it changes or dies. Prints one line; the
 * sums differ from run to run, the word "whole" must not.
 *
 *	storm THREADS MILLISECONDS
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "tell.h"

#define SLOTS 4096 /* shared places, so that most blocks die in another thread */

struct block {
	size_t size;
	unsigned char byte, content[];
};

static struct block *slots[SLOTS];
static volatile bool stop;
static unsigned long operations, damaged, mapped;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* Mostly small; one in 256 big enough to be a mapping of its own. */
static size_t choose_size(unsigned *state)
{
	unsigned draw = next_random(state);

	return draw % 256 ? next_random(state) % 2000 : 140000 + next_random(state) % 300000;
}

static void fill(struct block *block, size_t size, unsigned char byte)
{
	block->size = size;
	block->byte = byte;
	memset(block->content, byte, size);
}

static void verify(const struct block *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block->content[i] != block->byte)
			__atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
}

static struct block *make(size_t size, unsigned *state)
{
	size_t total = sizeof(struct block) + size;
	void *aligned = NULL;

	switch (next_random(state) % 4) {
	case 0:
		return calloc(1, total);
	case 1:
		return posix_memalign(&aligned, 64, total) ? NULL : aligned;
	default:
		return malloc(total);
	}
}

static struct block *resize(struct block *block, size_t size)
{
	size_t common = size < block->size ? size : block->size;

	block = realloc(block, sizeof(struct block) + size);
	verify(block, common);
	fill(block, size, block->byte);
	return block;
}

static void map_something(unsigned *state)
{
	size_t size = (1 + next_random(state) % 16) * 4096;
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*area = 1;
	munmap(area, size);
	__atomic_fetch_add(&mapped, 1, __ATOMIC_RELAXED);
}

static void step(unsigned *state)
{
	struct block **slot = &slots[next_random(state) % SLOTS];
	struct block *block = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);
	unsigned draw = next_random(state) % 64;

	if (block)
		verify(block, block->size);
	if (block && draw < 16) {
		block = resize(block, choose_size(state));
	} else {
		size_t size = choose_size(state);

		free(block);
		block = make(size, state);
		fill(block, size, (unsigned char)draw);
	}
	if (draw == 63)
		map_something(state);
	block = __atomic_exchange_n(slot, block, __ATOMIC_ACQ_REL);
	if (block)
		verify(block, block->size);
	free(block);
}

static void *blow(void *seed)
{
	unsigned state = (unsigned)(size_t)seed, done = 0;

	while (!stop) {
		step(&state);
		done++;
	}
	__atomic_fetch_add(&operations, done, __ATOMIC_RELAXED);
	return NULL;
}

static void wait_until(long milliseconds)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += milliseconds / 1000;
	end.tv_nsec += milliseconds % 1000 * 1000000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
}

static unsigned long release_all(void)
{
	unsigned long released = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		if (!slots[i])
			continue;
		verify(slots[i], slots[i]->size);
		free(slots[i]);
		released++;
	}
	return released;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 8;
	long milliseconds = argc > 2 ? atol(argv[2]) : 1000;
	pthread_t *started = calloc((size_t)threads, sizeof(*started));

	for (int i = 0; i < threads; i++)
		pthread_create(&started[i], NULL, blow, (void *)(size_t)(i + 1));
	wait_until(milliseconds);
	stop = true;
	for (int i = 0; i < threads; i++)
		pthread_join(started[i], NULL);
	free(started);
	unsigned long released = release_all();
	tell("%s: %lu operations, %lu mapped, %lu at the end", damaged ? "damaged" : "whole",
		operations, mapped, released);
	return damaged ? 1 : 0;
}
