// Allocates at many call sites, each in its own way and of its own size, keeps some of the blocks,
// and tells what each site holds and has ever asked for. With an argument so many threads do the
// work; with a second one, each of so many forked children repeats it and ends as the parent does.
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <pthread.h>
#include <sys/wait.h>

#include "tell.h"

#define SITE(name, made)                                             \
	extern "C" __attribute__((noinline)) void *name(size_t size) \
	{                                                            \
		void *block = made;                                  \
		__asm__ volatile("" ::"r"(block) : "memory");        \
		return block;                                        \
	}

static void *aligned(size_t size)
{
	void *block = nullptr;

	return posix_memalign(&block, 64, size) ? nullptr : block;
}

SITE(site_8, malloc(size))
SITE(site_24, malloc(size))
SITE(site_100, malloc(size))
SITE(site_calloc, calloc(10, size / 10))
SITE(site_1000, malloc(size))
SITE(site_new, ::operator new(size))
SITE(site_new_array, ::operator new[](size))
SITE(site_new_aligned, ::operator new(size, std::align_val_t(128)))
SITE(site_posix, aligned(size))
SITE(site_memalign, memalign(256, size))
SITE(site_5000, malloc(size))
SITE(site_16383, malloc(size))
SITE(site_40000, malloc(size))
SITE(site_mapped, malloc(size))
SITE(site_1m, malloc(size))

// Twice: each size is an allocation of its own, and only the last one lives.
extern "C" __attribute__((noinline)) void *site_realloc(size_t size)
{
	void *block = nullptr;

	for (size_t step = size / 4; step <= size; step *= 2) {
		block = realloc(block, step);
		__asm__ volatile("" ::"r"(block) : "memory");
	}
	return block;
}

static const struct {
	const char *name;
	void *(*make)(size_t);
	size_t size;
	long rounds, kept; // of each three
	bool grows;
} sites[] = {
	{"site_8", site_8, 8, 42000, 2, false},
	{"site_24", site_24, 24, 12000, 3, false},
	{"site_100", site_100, 100, 6000, 1, false},
	{"site_calloc", site_calloc, 320, 3000, 2, false},
	{"site_1000", site_1000, 1000, 900, 3, false},
	{"site_new", site_new, 48, 9000, 2, false},
	{"site_new_array", site_new_array, 700, 900, 2, false},
	{"site_new_aligned", site_new_aligned, 512, 900, 2, false},
	{"site_posix", site_posix, 2000, 300, 3, false},
	{"site_memalign", site_memalign, 3000, 300, 2, false},
	{"site_5000", site_5000, 5000, 300, 2, false},
	{"site_16383", site_16383, 16383, 90, 2, false},
	{"site_40000", site_40000, 40000, 60, 2, false},
	{"site_mapped", site_mapped, 200000, 12, 2, false},
	{"site_1m", site_1m, 1 << 20, 6, 2, false},
	{"site_realloc", site_realloc, 8000, 300, 2, true},
};

static int threads = 1;

static void *work(void *)
{
	for (const auto &site : sites)
		for (long i = 0; i < site.rounds; i++) {
			void *block = site.make(site.size);

			if (i % 3 >= site.kept)
				free(block);
		}
	return nullptr;
}

static void tell_site(const char *name, size_t size, long live, long ever)
{
	tell("{\"site\": \"%s\", \"size\": %zu, \"live\": %ld, \"ever\": %ld}", name, size, live, ever);
}

static void tell_all()
{
	for (const auto &site : sites) {
		long ever = threads * site.rounds;

		tell_site(site.name, site.size, ever / 3 * site.kept, ever);
		if (site.grows) {
			tell_site(site.name, site.size / 2, 0, ever);
			tell_site(site.name, site.size / 4, 0, ever);
		}
	}
}

int main(int argc, char **argv)
{
	pthread_t thread[16];
	int children = argc > 2 ? atoi(argv[2]) : 0;

	threads = argc > 1 ? atoi(argv[1]) : 1;
	for (int i = 0; i < children; i++)
		if (fork() == 0) {
			work(nullptr);
			exit(0);
		}
	for (int i = 0; i < children; i++)
		wait(nullptr);
	for (int i = 1; i < threads; i++)
		pthread_create(&thread[i], nullptr, work, nullptr);
	work(nullptr);
	for (int i = 1; i < threads; i++)
		pthread_join(thread[i], nullptr);
	tell_all();
	return 0;
}
