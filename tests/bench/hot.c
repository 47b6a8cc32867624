/* Pairs of malloc and free below a call stack of a known depth, to be counted by hot.sh.
 *
 *    hot DEPTH PAIRS PLACES
 *
 * With PLACES 1 every pair comes from the same place; with 2 from two functions in turn, two calls
 * further in, so that three frames of each call stack are new. */
#include <stdlib.h>

enum { BLOCK = 40 };

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

static __attribute__((noinline)) void pairs(long count, int places)
{
	for (long i = 0; i < count; i++) {
		if (places == 1)
			pair();
		else if (i % 2)
			left();
		else
			right();
	}
}

static __attribute__((noinline)) void recurse(int depth, long count, int places)
{
	if (depth > 0)
		recurse(depth - 1, count, places);
	else
		pairs(count, places);
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	recurse(atoi(argv[1]), atol(argv[2]), atoi(argv[3]));
	return 0;
}
