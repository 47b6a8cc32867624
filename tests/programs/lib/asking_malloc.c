/* An allocator that asks vmatlas.h within its own calls. Loaded behind the shim, which calls it. */
#include <stdlib.h>
#include <string.h>

#include "vmatlas.h"

void *__libc_malloc(size_t size);
void __libc_free(void *block);

static int calls;

static void ask(const void *block)
{
	struct vmatlas_description description;

	description.size = sizeof description;
	if (calls++ % 10)
		return;
	vmatlas_phase("in malloc");
	vmatlas_describe(block, &description);
	vmatlas_dump("in malloc");
}

void *malloc(size_t size)
{
	void *block = __libc_malloc(size);

	ask(block);
	return block;
}

void free(void *block)
{
	ask(block);
	__libc_free(block);
}
