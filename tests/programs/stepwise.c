/* stepwise.c - grows as its standard input says, a line for each step, and tells when it is done.
 *
 *	heap N    N bytes in blocks of 1,000, all touched: from [heap]
 *	big N     one block of N bytes, touched; glibc gives it a mapping of its own
 *	map N     N anonymous bytes, touched
 *	wx N      the same, writable and executable
 *	free      every second block of `heap` goes back
 *	end */
#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK = 1000, BLOCKS = 1 << 16 };

static char *block[BLOCKS], *volatile kept;
static size_t blocks;

static void grow_heap(size_t bytes)
{
	for (; bytes >= BLOCK && blocks < BLOCKS; bytes -= BLOCK) {
		block[blocks] = malloc(BLOCK);
		memset(block[blocks++], 1, BLOCK);
	}
}

static void free_some(void)
{
	for (size_t i = 0; i < blocks; i += 2) {
		free(block[i]);
		block[i] = NULL;
	}
}

static void map(size_t bytes, int protection)
{
	char *memory = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		exit(1);
	memset(memory, 1, bytes);
}

static void step(const char *what, size_t bytes)
{
	if (!strcmp(what, "heap"))
		grow_heap(bytes);
	else if (!strcmp(what, "big"))
		kept = memset(malloc(bytes), 1, bytes);
	else if (!strcmp(what, "map"))
		map(bytes, PROT_READ | PROT_WRITE);
	else if (!strcmp(what, "wx"))
		map(bytes, PROT_READ | PROT_WRITE | PROT_EXEC);
	else if (!strcmp(what, "free"))
		free_some();
	else
		exit(strcmp(what, "end") != 0);
}

int main(void)
{
	char line[100], what[20];
	size_t bytes;

	/* No buffer from malloc: the heap is what the steps make it. */
	setvbuf(stdin, NULL, _IONBF, 0);
	kept = malloc(1);
	tell("ready");
	while (fgets(line, sizeof(line), stdin)) {
		bytes = 0;
		if (sscanf(line, "%19s %zu", what, &bytes) < 1)
			continue;
		step(what, bytes);
		tell("done");
	}
	return 0;
}
