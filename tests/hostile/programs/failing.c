/* An allocator that fails at its n-th call, and at no other: FAIL_AT in the environment, or a call
 * of fail_at. Stands in front of glibc's by its internal names. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t), *__libc_realloc(void *, size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_memalign(size_t, size_t);

static long at = -2, calls;

void fail_at(long number)
{
	at = number;
	__atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
}

static int fails(void)
{
	const char *value;

	if (at == -2) {
		at = -1;
		value = getenv("FAIL_AT");
		if (value)
			at = atol(value);
	}
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
	return fails() ? NULL : __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	int error = errno;
	void *made = memalign(alignment, size);

	errno = error;
	if (!made)
		return ENOMEM;
	*block = made;
	return 0;
}
