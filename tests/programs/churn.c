/* churn.c - 8 threads that map, change and unmap without a pause, until someone ends the process.
 *
 * Each has up to 16 mappings at a time: of 1 to 16 pages, some with a page of another protection
 * or replaced by another mapping, so that the kernel splits and merges all the time. Nothing is cut
 * out: another thread would map there, and lose it when the whole goes. */
#include "tell.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { THREADS = 8, SLOTS = 16, PAGE = 4096 };

static unsigned roll(unsigned *dice)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 17;
	*dice ^= *dice << 5;
	return *dice;
}

static void map(char **slot, size_t *size, unsigned *dice)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;

	*size = (1 + roll(dice) % 16) * PAGE;
	*slot = mmap(NULL, *size, PROT_READ | PROT_WRITE, private, -1, 0);
	if (*slot == MAP_FAILED)
		exit(1);
	**slot = 1;
}

static void change(char *slot, size_t size, unsigned *dice)
{
	size_t page = roll(dice) % (size / PAGE) * PAGE;

	if (roll(dice) % 2)
		mprotect(slot + page, PAGE, PROT_READ);
	else
		mmap(slot + page, PAGE, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *churn(void *number)
{
	char *slot[SLOTS] = {0};
	size_t size[SLOTS] = {0};
	unsigned dice = 11 + (unsigned)(size_t)number;

	for (;;) {
		unsigned i = roll(&dice) % SLOTS;
		if (slot[i] && roll(&dice) % 2) {
			change(slot[i], size[i], &dice);
			continue;
		}
		if (slot[i])
			munmap(slot[i], size[i]);
		map(&slot[i], &size[i], &dice);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, churn, (void *)i);
	tell("ready");
	pthread_join(thread[0], NULL);
	return 1;
}
