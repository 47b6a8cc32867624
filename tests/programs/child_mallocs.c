/* child_mallocs.c - a child thread's malloc: small blocks, which are in an arena, and three of 1
 * GiB, each of which is a mapping of its own until the kernel makes them one.
 *
 * Lines: "thread TID", "small 0xADDRESS SIZE COUNT" with the first of COUNT blocks of SIZE, and
 * "big 0xADDRESS SIZE FUNCTION". Then "ready". */
#include "tell.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 3000, BLOCKS = 500 };

#define BIG (1ul << 30)

static char *volatile small[BLOCKS], *volatile big[3];

char *ask_for_first(void);
char *ask_for_second(void);
char *ask_for_third(void);

__attribute__((noinline)) char *ask_for_first(void)
{
	char *block = malloc(BIG);

	block[0] = 1;
	return block;
}

__attribute__((noinline)) char *ask_for_second(void)
{
	char *block = malloc(BIG);

	block[1] = 2;
	return block;
}

__attribute__((noinline)) char *ask_for_third(void)
{
	char *block = malloc(BIG);

	block[2] = 3;
	return block;
}

static void allocate_small(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		small[i] = malloc(BLOCK);
		memset(small[i], 1, BLOCK);
	}
	tell("small %p %d %d", (void *)small[0], BLOCK, BLOCKS);
}

static void *child(void *unused)
{
	tell("thread %d", gettid());
	allocate_small();
	big[0] = ask_for_first();
	big[1] = ask_for_second();
	big[2] = ask_for_third();
	tell("big %p %lu ask_for_first", (void *)big[0], BIG);
	tell("big %p %lu ask_for_second", (void *)big[1], BIG);
	tell("big %p %lu ask_for_third", (void *)big[2], BIG);
	tell("ready");
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, child, NULL);
	pthread_join(thread, NULL);
	return 1;
}
