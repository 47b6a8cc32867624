/* Fragments the heap or an arena in one way, is dumped, and tells what malloc_trim(0) then gave
 * back: trim SHAPE. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <fcntl.h>

#include "tell.h"

enum { BLOCKS = 200000 };

static char *block[BLOCKS];

/* Resident anonymous bytes, by the kernel. */
static long anonymous(void)
{
	static char text[8192];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/smaps_rollup", O_RDONLY);
	long length = syscall(SYS_read, fd, text, sizeof(text) - 1);
	const char *found;

	syscall(SYS_close, fd);
	text[length > 0 ? length : 0] = 0;
	found = strstr(text, "\nAnonymous:");
	return found ? strtol(found + sizeof("\nAnonymous:") - 1, NULL, 10) * 1024 : -1;
}

static void fill(int count, size_t size)
{
	for (int i = 0; i < count; i++) {
		block[i] = malloc(size);
		memset(block[i], 1, size);
	}
}

static void drop(int i)
{
	free(block[i]);
	block[i] = NULL;
}

/* One in sixteen small blocks stays: hardly a page is free. */
static void small_survivors(void)
{
	fill(150000, 200);
	for (int i = 0; i < 150000; i++)
		if (i % 16)
			drop(i);
}

/* One in two hundred: every other page is. */
static void rare_survivors(void)
{
	fill(150000, 100);
	for (int i = 0; i < 150000; i++)
		if (i % 100)
			drop(i);
}

/* The first nine tenths go, the last stay: nothing can move the top. */
static void lower_part(void)
{
	fill(100000, 300);
	for (int i = 0; i < 90000; i++)
		drop(i);
}

/* Holes of two and a half pages between blocks of as many. */
static void pages_between(void)
{
	fill(4000, 10000);
	for (int i = 0; i < 4000; i += 2)
		drop(i);
}

/* All but the first: one large top. */
static void top(void)
{
	fill(100000, 200);
	for (int i = 1; i < 100000; i++)
		drop(i);
}

/* All of it, but what the thread keeps at hand: that lies anywhere. The last one is small, and
 * malloc_trim alone makes it one with the topmost chunk. */
static void everything(void)
{
	for (int i = 0; i < 20000; i++) {
		block[i] = malloc(i == 19999 ? 16 : 16 + (size_t)(i * 7919 % 2000));
		memset(block[i], 1, malloc_usable_size(block[i]));
	}
	for (int i = 0; i < 20000; i++)
		drop(i * 7919 % 20000);
}

/* Sizes of all kinds, freed by chance. */
static void by_chance(void)
{
	unsigned state = 7;

	for (int i = 0; i < 20000; i++) {
		size_t size = 16 + (state = state * 1103515245 + 12345) / 65536 % 6000;

		block[i] = malloc(size);
		memset(block[i], 1, size);
	}
	for (int i = 0; i < 20000; i++)
		if ((state = state * 1103515245 + 12345) / 65536 % 10)
			drop(i);
}

/* More than one heap of an arena holds, then most of it free. */
static void many_heaps(void)
{
	fill(20000, 8000);
	for (int i = 0; i < 20000; i++)
		if (i % 5)
			drop(i);
}

static const struct shape {
	const char *name;
	void (*make)(void);
} shapes[] = {
	{"small-survivors", small_survivors},
	{"rare-survivors", rare_survivors},
	{"lower-part", lower_part},
	{"pages-between", pages_between},
	{"top", top},
	{"everything", everything},
	{"by-chance", by_chance},
	{"many-heaps", many_heaps},
};

static const struct shape *wanted;

static void *work(void *unused)
{
	(void)unused;
	wanted->make();
	raise(SIGUSR2);
	long before = anonymous();
	malloc_trim(0);
	tell("{\"shape\": \"%s\", \"given_back\": %ld}", wanted->name, before - anonymous());
	return NULL;
}

/* glibc gives nothing back of its own accord, and maps no block by itself. */
int main(int count, char **argument)
{
	pthread_t thread;
	bool arena = count > 2 && !strcmp(argument[2], "arena");

	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	signal(SIGUSR1, SIG_IGN);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (count > 1 && !strcmp(argument[1], shapes[i].name))
			wanted = &shapes[i];
	if (!wanted)
		return 2;
	if (!arena)
		work(NULL);
	else if (pthread_create(&thread, NULL, work, NULL) || pthread_join(thread, NULL))
		return 1;
	return 0;
}
