/* larson.c - blocks that pass from thread to thread, as in servers (P. Larson and M. Krishnan,
 * 1998).
 *
 *    larson THREADS ROUNDS
 *
 * Each thread replaces random blocks of an array; after each round it goes on with its neighbour's
 * array, so most of what it frees was made by another. Each block says how large it is, and is
 * looked at before it is freed. Prints how many blocks and bytes were made, which do not vary. */
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 1000, REPLACED = 20000, LEAST = 16, MOST = 512, THREADS_MOST = 64 };

struct array {
	unsigned *block[BLOCKS];
	unsigned long random;
};

struct worker {
	pthread_t thread;
	int number;
	unsigned long made, bytes;
};

static struct array arrays[THREADS_MOST];
static pthread_barrier_t round_over;
static int threads;
static long rounds;

static unsigned next_random(struct array *array)
{
	array->random = array->random * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(array->random >> 33);
}

static void replace(struct worker *worker, struct array *array)
{
	unsigned **place = &array->block[next_random(array) % BLOCKS];
	unsigned size = LEAST + next_random(array) % (MOST - LEAST + 1), *block = *place;

	if (block && block[0] != ~block[1])
		error(1, 0, "a block was overwritten");
	free(block);
	block = malloc(size);
	if (!block)
		error(1, ENOMEM, "a block");
	block[0] = size;
	block[1] = ~size;
	*place = block;
	worker->made++;
	worker->bytes += size;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (long i = 0; i < rounds; i++) {
		struct array *array = &arrays[(worker->number + i) % threads];

		for (int j = 0; j < REPLACED; j++)
			replace(worker, array);
		pthread_barrier_wait(&round_over);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MOST];
	unsigned long made = 0, bytes = 0;

	threads = argc == 3 ? atoi(argv[1]) : 0;
	if (threads < 1 || threads > THREADS_MOST)
		error(2, 0, "THREADS ROUNDS");
	rounds = atol(argv[2]);
	pthread_barrier_init(&round_over, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++) {
		arrays[i].random = (unsigned long)i;
		workers[i].number = i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		made += workers[i].made;
		bytes += workers[i].bytes;
	}
	printf("%lu blocks, %lu bytes\n", made, bytes);
	return 0;
}
