/* work.h - what hostile programs do meanwhile: allocate, wait, and reap their children. */
#ifndef WORK_H
#define WORK_H

#include "hostile.h"

#include <sys/wait.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Allocates `rounds` times, blocks of many sizes, each checked before it is freed. */
static inline void work(unsigned rounds)
{
	enum { KEPT = 16 };
	unsigned char *kept[KEPT] = {NULL};
	size_t size[KEPT] = {0};

	for (unsigned round = 0; round < rounds; round++) {
		unsigned at = round % KEPT;

		for (size_t i = 0; i < size[at]; i++)
			must(kept[at][i] == (unsigned char)at);
		free(kept[at]);
		size[at] = round * 7919u % 3000 + 1;
		kept[at] = malloc(size[at]);
		must(kept[at]);
		memset(kept[at], (int)at, size[at]);
	}
	for (unsigned at = 0; at < KEPT; at++)
		free(kept[at]);
}

/* All of it, whatever signals come. */
static inline void sleep_ms(long ms)
{
	struct timespec wanted = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&wanted, &wanted) && errno == EINTR)
		;
}

/* The status of a child that has ended. */
static inline int reap(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

#endif
