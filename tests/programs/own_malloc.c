/* A program that defines malloc and its family itself: its own are used, with the shim or without.
 */
#include <stdlib.h>

#include "tell.h"

static char pool[1 << 20] __attribute__((aligned(16)));
static size_t used;
static unsigned long made, released;

void *malloc(size_t size)
{
	size_t *block = (size_t *)(pool + used);

	if (size > sizeof(pool) - used - 32) {
		errno = ENOMEM;
		return NULL;
	}
	*block = size;
	used += (size + 31) & ~15ul;
	__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
	return (char *)block + 16;
}

void free(void *block)
{
	if (block)
		__atomic_fetch_add(&released, 1, __ATOMIC_RELAXED);
}

void *calloc(size_t count, size_t size)
{
	void *block = malloc(count * size);

	return block ? memset(block, 0, count * size) : NULL;
}

void *realloc(void *old, size_t size)
{
	void *block = malloc(size);

	if (!block || !old)
		return block;
	size_t length = *(size_t *)((char *)old - 16);
	memcpy(block, old, length < size ? length : size);
	free(old);
	return block;
}

int main(void)
{
	unsigned long before = made;

	for (int i = 0; i < 100; i++)
		free(realloc(malloc(50), 100));
	char *copy = strdup("its own malloc");
	tell("%s: %lu made, in its pool %d", copy, made - before,
		copy >= pool && copy < pool + sizeof(pool));
	free(copy);
	return 0;
}
