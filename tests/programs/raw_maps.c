/* Maps by raw system calls, which no wrapper sees, between reports; touches its threads' stacks to
 * known depths; and tells. */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tell.h"

enum { PAGE = 4096, THREADS = 3 };

static pthread_barrier_t barrier;

static void *map_raw(size_t pages)
{
	char *start = (char *)syscall(SYS_mmap, NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(start, 1, pages * PAGE);
	return start;
}

/* Writes so far down its stack, below where it stands, and tells how deep that was. */
__attribute__((noinline)) static void *go_deep(void *depth)
{
	pthread_attr_t attributes;
	void *start;
	size_t size;
	volatile char *deep = alloca((size_t)depth);

	*deep = 1;
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &start, &size);
	tell("{\"tid\": %ld, \"touched\": %zu}", syscall(SYS_gettid),
		(size_t)((char *)start + size - (char *)((uintptr_t)deep / PAGE * PAGE)));
	pthread_attr_destroy(&attributes);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];
	void *first = map_raw(10), *second;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, go_deep, (void *)((i + 1) * 100000)))
			return 1;
	pthread_barrier_wait(&barrier);
	raise(SIGUSR2);
	raise(SIGUSR2);
	second = map_raw(20);
	raise(SIGUSR2);
	tell("{\"first\": %lu, \"second\": %lu}", (unsigned long)first, (unsigned long)second);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
