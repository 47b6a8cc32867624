/* A library that allocates in its constructor, at work and in its destructor, and may leave blocks
 * behind. NUMBER tells its builds apart; PAD makes them as long as another. */
#include <pthread.h>
#include <stdlib.h>

#ifndef NUMBER
#define NUMBER 1
#endif
#ifdef TLS_BYTES
static __thread char local[TLS_BYTES] __attribute__((tls_model("initial-exec")));
char *plugin_local(void)
{
	return local;
}
#endif

static void *constructed;
static __thread void *of_thread;

__attribute__((constructor)) static void construct(void)
{
	constructed = malloc(1000 * NUMBER);
	free(calloc(NUMBER, 100));
}

__attribute__((destructor)) static void destruct(void)
{
	free(constructed);
	free(malloc(2000 * NUMBER));
}

__attribute__((noinline)) static void *deeper(int depth, size_t size)
{
	void *block = depth ? deeper(depth - 1, size) : malloc(size);

	__asm__ volatile("" ::: "memory");
	return block;
}

void *plugin_allocate(int depth, size_t size)
{
	of_thread = malloc(10);
	free(of_thread);
	return deeper(depth, size);
}

int plugin_number(void)
{
	return NUMBER;
}
