/* counting.c - a limit of sampling: exact totals and nothing else.
 *
 * Counts what is allocated and freed, and how much was live at most, by thread. Sizes are as glibc
 * rounds them, from the word before the block, so there is no table: which block is where, how long
 * it was asked to be, and which mapping holds it, nobody could say. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { FLAGS = 7 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static __thread struct {
	uint64_t allocations, allocated, frees, freed;
	int64_t live, highest;
} here __attribute__((tls_model("initial-exec")));

static inline size_t size_of(const void *block)
{
	return ((const size_t *)block)[-1] & ~(size_t)FLAGS;
}

static inline void *made(void *block)
{
	size_t size = block ? size_of(block) : 0;

	here.allocations++;
	here.allocated += size;
	here.live += (int64_t)size;
	if (here.live > here.highest)
		here.highest = here.live;
	return block;
}

static inline void gone(void *block)
{
	if (!block)
		return;
	here.frees++;
	here.freed += size_of(block);
	here.live -= (int64_t)size_of(block);
}

void *malloc(size_t size)
{
	return made(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return made(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	gone(block);
	return made(__libc_realloc(block, size));
}

void free(void *block)
{
	gone(block);
	__libc_free(block);
}
