/* arenas.c - three threads and their arenas: one holds a byte, one 20 MiB in small blocks, and one
 * nothing any more. With MALLOC_ARENA_MAX=2 the first two have the same; the third the heap.
 *
 * Lines: "few TID 0xADDRESS", "many TID 0xADDRESS", "none TID 0xADDRESS", each with a block of the
 * arena. It ends once standard input does. */
#include "tell.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 5120, BLOCK = 4096 };

static pthread_barrier_t done;
static char *volatile held[BLOCKS + 1];

static void *stay(void *unused)
{
	pthread_barrier_wait(&done);
	for (;;)
		pause();
	return unused;
}

static void *few(void *unused)
{
	held[BLOCKS] = malloc(1);
	tell("few %d %p", gettid(), (void *)held[BLOCKS]);
	return stay(unused);
}

static void *many(void *unused)
{
	for (int i = 0; i < BLOCKS; i++)
		held[i] = malloc(BLOCK);
	tell("many %d %p", gettid(), (void *)held[0]);
	return stay(unused);
}

static void *none(void *unused)
{
	char *volatile block = malloc(1);

	tell("none %d %p", gettid(), (void *)block);
	free(block);
	return stay(unused);
}

static void start(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		abort();
	pthread_barrier_wait(&done);
}

int main(void)
{
	char byte;

	pthread_barrier_init(&done, NULL, 2);
	start(few);
	start(none);
	start(many);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
