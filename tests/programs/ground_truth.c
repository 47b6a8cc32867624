/* Allocates at known call sites in every way that C has, tells each live block and region with the
 * line of maps that held it at birth, and asks for one dump. The case compares it with the report,
 * block by block.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "truth.h"

#define WORKERS 4

static pthread_barrier_t started, done;
static void *handed_over[WORKERS][8];

SITE(site_malloc, "block", size, (size_t size), malloc(size))
SITE(site_malloc_big, "block", size, (size_t size), malloc(size))
SITE(site_calloc, "block", count *size, (size_t count, size_t size), calloc(count, size))
SITE(site_memalign, "block", size, (size_t align, size_t size), memalign(align, size))
SITE(site_aligned_alloc, "block", size, (size_t align, size_t size), aligned_alloc(align, size))
SITE(site_valloc, "block", size, (size_t size), valloc(size))
SITE(site_pvalloc, "block", size, (size_t size), pvalloc(size))
SITE(site_mmap, "region", size, (size_t size),
	mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
SITE(site_mmap_shared, "region", size, (size_t size),
	mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))

void *site_posix_memalign(size_t align, size_t size);
void *site_realloc(void *old, size_t size);
void *site_reallocarray(void *old, size_t count, size_t size);

__attribute__((noinline)) void *site_posix_memalign(size_t align, size_t size)
{
	void *made = NULL;

	truth_lock();
	if (posix_memalign(&made, align, size))
		made = NULL;
	truth_note("block", __func__, made, size, CALLER);
	truth_unlock();
	return made;
}

__attribute__((noinline)) void *site_realloc(void *old, size_t size)
{
	truth_lock();
	truth_forget(old);
	void *made = realloc(old, size);
	truth_note("block", __func__, made, size, CALLER);
	truth_unlock();
	return made;
}

__attribute__((noinline)) void *site_reallocarray(void *old, size_t count, size_t size)
{
	truth_lock();
	truth_forget(old);
	void *made = reallocarray(old, count, size);
	truth_note("block", __func__, made, count * size, CALLER);
	truth_unlock();
	return made;
}

static void release(void *block)
{
	truth_lock();
	truth_forget(block);
	free(block);
	truth_unlock();
}

static void make_sizes(void)
{
	static const size_t sizes[] = {0, 1, 8, 15, 16, 24, 25, 100, 1000, 4096, 5000, 65536,
		100000, 131071, 131072, 200000, 1000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		site_malloc(sizes[i]);
		site_calloc(3, sizes[i]);
		site_realloc(NULL, sizes[i]);
		site_reallocarray(NULL, 2, sizes[i]);
	}
}

static void make_aligned(void)
{
	for (size_t align = sizeof(void *); align <= 1 << 20; align *= 4) {
		site_memalign(align, 3 * align + 1);
		site_posix_memalign(align, 100);
		site_aligned_alloc(align, align);
	}
	site_valloc(5000);
	site_pvalloc(8192);
}

/* Grows in place, grows by a move, becomes an mmap, grows by mremap, shrinks, comes back. */
static void make_chains(void)
{
	static const size_t steps[] = {16, 24, 100, 5000, 100000, 300000, 5000000, 400000, 200, 1};

	for (size_t length = 1; length <= sizeof(steps) / sizeof(*steps); length++) {
		void *block = NULL;

		for (size_t i = 0; i < length; i++)
			block = site_realloc(block, steps[i]);
		site_malloc(48); /* in the way of the next chain */
	}
}

/* The brk heap grows by 20 MB, is trimmed, and grows again. */
static void make_heap_breathe(void)
{
	void *blocks[200];

	for (int i = 0; i < 200; i++)
		blocks[i] = site_malloc(100000);
	for (int i = 20; i < 200; i++)
		release(blocks[i]);
	for (int i = 0; i < 40; i++)
		site_malloc(60000);
}

/* Each is a mapping of its own until the kernel merges it with a neighbour. */
static void make_big(void)
{
	for (size_t i = 1; i <= 6; i++)
		site_malloc_big(i * 40000000);
	release(site_malloc_big(50000000));
	site_malloc_big(45000000);
}

static void make_regions(void)
{
	for (size_t i = 1; i <= 6; i++) {
		site_mmap(i * 8192);
		site_mmap_shared(i * 4096);
	}
}

static void *worker(void *index)
{
	size_t me = (size_t)index;

	pthread_barrier_wait(&started);
	for (size_t i = 0; i < 150; i++)
		site_malloc(9000 + me);
	for (size_t i = 0; i < 100; i++)
		release(site_calloc(i, 40));
	for (size_t i = 0; i < 8; i++)
		handed_over[me][i] = site_malloc(500 + i);
	make_chains();
	site_malloc_big(20000000 + me);
	pthread_barrier_wait(&done);
	pause();
	return NULL;
}

static void *short_lived(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < 20; i++)
		site_malloc(700 + i);
	return NULL;
}

static void run_short_lived(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, short_lived, NULL);
	pthread_join(thread, NULL);
}

static void start_workers(void)
{
	pthread_t thread;

	pthread_barrier_init(&started, NULL, WORKERS + 1);
	pthread_barrier_init(&done, NULL, WORKERS + 1);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&thread, NULL, worker, (void *)i);
	pthread_barrier_wait(&started);
}

/* Main frees half of what the workers made: a block may die in another thread. */
static void free_across_threads(void)
{
	for (size_t i = 0; i < WORKERS; i++)
		for (size_t j = 0; j < 8; j += 2)
			release(handed_over[i][j]);
}

int main(void)
{
	run_short_lived();
	start_workers();
	make_sizes();
	make_aligned();
	make_chains();
	make_heap_breathe();
	make_big();
	make_regions();
	pthread_barrier_wait(&done);
	free_across_threads();
	truth_dump();
	_exit(0);
}
