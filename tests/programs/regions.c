/* Makes neighbours that the kernel merges into one mapping, tells what is what, and is dumped. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tell.h"

enum { PAGE = 4096, MALLOCS = 3, MMAPS = 3, THREADS = 3 };

static char variables[3 << 20];
static pthread_barrier_t barrier;

static void tell_region(
	const char *kind, const void *start, size_t size, const char *asker, size_t touched)
{
	tell("{\"kind\": \"%s\", \"start\": %lu, \"size\": %zu, \"asker\": \"%s\", "
	     "\"touched\": %zu, \"tid\": %ld}",
		kind, (unsigned long)start, size, asker, touched, syscall(SYS_gettid));
}

/* glibc's header is 16 bytes, and its length is in whole pages. */
static size_t chunk_size(size_t size)
{
	return (size + 16 + 8 + PAGE - 1) / PAGE * PAGE;
}

__attribute__((noinline)) static void wants_memory(size_t size, size_t touched)
{
	char *block = malloc(size);

	memset(block, 1, touched);
	tell_region("malloc-mmap", block - 16, chunk_size(size), __func__,
		(touched + 16 + PAGE - 1) / PAGE * PAGE);
}

__attribute__((noinline)) static void maps_memory(size_t pages, size_t touched)
{
	char *start = mmap(
		NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(start, 1, touched * PAGE);
	tell_region("anon", start, pages * PAGE, __func__, touched * PAGE);
}

/* One call, three mappings. */
__attribute__((noinline)) static void splits_memory(void)
{
	char *start =
		mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(start, 1, 9 * PAGE);
	mprotect(start + 3 * PAGE, 3 * PAGE, PROT_READ);
	tell_region("anon", start, 9 * PAGE, __func__, 9 * PAGE);
}

__attribute__((noinline)) static void aligns_memory(void)
{
	char *block = aligned_alloc(1 << 16, 300000);

	memset(block, 1, 300000);
	tell("{\"kind\": \"aligned\", \"start\": %lu, \"size\": 300000, \"asker\": \"%s\"}",
		(unsigned long)block, __func__);
}

/* A block with an inaccessible page and one that is read only, as programs that guard them do. */
__attribute__((noinline)) static void stripes_memory(void)
{
	char *block = malloc(300000);
	char *page = block - 16 + 10L * PAGE;

	memset(block, 1, 300000);
	mprotect(page, PAGE, PROT_NONE);
	mprotect(page + 4 * PAGE, PAGE, PROT_READ);
	tell_region("malloc-mmap", block - 16, chunk_size(300000), __func__, chunk_size(300000));
}

/* One that is to have huge pages: the kernel tells its header's page from the rest. */
__attribute__((noinline)) static void wants_huge_pages(void)
{
	char *block = aligned_alloc(2 << 20, 2 << 20);

	madvise(block, 2 << 20, MADV_HUGEPAGE);
	memset(block, 1, PAGE);
	tell("{\"kind\": \"aligned\", \"start\": %lu, \"size\": %d, \"asker\": \"%s\"}",
		(unsigned long)block, 2 << 20, __func__);
}

static void *work(void *unused)
{
	static __thread char *small[1000];

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		small[i] = malloc(900);
		memset(small[i], 1, 900);
	}
	mprotect((void *)(((unsigned long)small[500] / PAGE + 1) * PAGE), PAGE, PROT_READ);
	tell("{\"kind\": \"arena\", \"start\": %lu, \"size\": %d, \"tid\": %ld}",
		(unsigned long)small[0] >> 26 << 26, 64 << 20, syscall(SYS_gettid));
	wants_memory(250000, 250000);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return small[0];
}

int main(void)
{
	pthread_t thread[THREADS];

	memset(variables, 1, sizeof(variables));
	tell_region("bss", variables, sizeof(variables), "", sizeof(variables));
	for (int i = 0; i < MALLOCS; i++)
		wants_memory(200000 + (size_t)i * 100000, 100000);
	for (int i = 0; i < MMAPS; i++)
		maps_memory((size_t)i + 10, (size_t)i + 1);
	splits_memory();
	aligns_memory();
	stripes_memory();
	wants_huge_pages();
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			return 1;
	pthread_barrier_wait(&barrier);
	raise(SIGUSR2);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
