/* Works hard with whatever malloc it is given (its own libc's or a preloaded one), says which
 * object that is, and asks for a dump of known blocks. Its argument: the number of rounds.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "truth.h"

SITE(site_malloc, "block", size, (size_t size), malloc(size))
SITE(site_calloc, "block", size, (size_t size), calloc(1, size))
SITE(site_memalign, "block", size, (size_t size), memalign(256, size))

static unsigned work(unsigned seed, int rounds)
{
	enum { HELD = 256 };
	unsigned char *held[HELD] = {0};
	unsigned sum = 0;

	for (int i = 0; i < rounds; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned slot = seed >> 8 & (HELD - 1), size = 1 + (seed >> 16) % 3000;
		held[slot] = realloc(held[slot], size);
		memset(held[slot], (int)seed & 0xff, size);
		sum = sum * 31 + held[slot][size - 1] + (malloc_usable_size(held[slot]) >= size);
	}
	for (int i = 0; i < HELD; i++)
		free(held[i]);
	return sum;
}

static int rounds;

static void *run(void *seed)
{
	return (void *)(size_t)work((unsigned)(size_t)seed, rounds);
}

int main(int argc, char **argv)
{
	pthread_t threads[4];

	rounds = argc > 1 ? atoi(argv[1]) : 10000;
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	for (size_t i = 0; i < 4; i++) {
		void *sum;

		pthread_join(threads[i], &sum);
		tell("{\"sum\": %zu}", (size_t)sum);
	}
	for (size_t size = 1; size < 10000000; size = size * 3 + 1) {
		site_malloc(size);
		site_calloc(size);
		site_memalign(size);
	}
	truth_dump();
	_exit(0);
}
