/* Threads change their own stretch of address space all the time, and every thread asks for all.
 *
 * Between two stretches lies a page that nobody maps, so a thread knows for certain how far each of
 * its own mappings reaches; what the others' answers about it leave behind must never mislead it.
 * Prints "ok" or what went wrong; exit status 1 then. */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "../unit/dice.h"
#include "ask.h"
#include "clock.h"
#include "mappings.h"
#include "vmatlas_store.h"

enum { THREADS = 4, PAGE = 4096, PAGES = 32, ROUNDS = 30000 };

struct stretch {
	char *start;
	uint8_t writable[PAGES]; /* by its thread alone */
};

static struct stretch stretch[THREADS];
static _Atomic unsigned wrong;

static void complain(const char *what, const void *address)
{
	if (wrong++ < 10)
		printf("%s: %p\n", what, address);
}

static void protect(struct stretch *own, unsigned page, unsigned pages, int protection)
{
	char *start = own->start + page * PAGE;

	mprotect(start, pages * (size_t)PAGE, protection);
	mappings_changed((uintptr_t)start, (uintptr_t)start + pages * (size_t)PAGE);
	for (unsigned i = page; i < page + pages; i++)
		own->writable[i] = protection != PROT_READ;
}

/* How far the mapping of one's own page reaches, by what was done to the pages. */
static void expect(const struct stretch *own, unsigned page, struct vmatlas_birth *birth)
{
	unsigned first = page, last = page;

	while (first > 0 && own->writable[first - 1] == own->writable[page])
		first--;
	while (last + 1 < PAGES && own->writable[last + 1] == own->writable[page])
		last++;
	birth->start = (uintptr_t)own->start + first * (uintptr_t)PAGE;
	birth->end = (uintptr_t)own->start + (last + 1) * (uintptr_t)PAGE;
}

static void check(struct mappings_cache *cache, const struct stretch *own, unsigned page)
{
	const char *address = own->start + page * PAGE + 100;
	struct mappings_place *place = mappings_tag(cache, (uintptr_t)address, 8, clock_ticks());
	const struct vmatlas_birth *told =
		place ? lane_find(mappings_births(), place->birth) : NULL;
	struct vmatlas_birth wanted;

	expect(own, page, &wanted);
	if (!told)
		complain("no answer", address);
	else if (told->start != wanted.start || told->end != wanted.end)
		complain("not what it is", address);
}

static void *work(void *argument)
{
	struct stretch *own = argument;
	struct dice dice = {(uintptr_t)(own - stretch) + 1};
	struct mappings_cache cache = {0};

	for (int i = 0; i < ROUNDS; i++) {
		unsigned page = (unsigned)dice_below(&dice, PAGES);
		const struct stretch *other = &stretch[dice_below(&dice, THREADS)];

		if (dice_below(&dice, 8) == 0)
			protect(own, page, 1 + (unsigned)dice_below(&dice, PAGES - page),
				dice_below(&dice, 2) ? PROT_READ : PROT_READ | PROT_WRITE);
		check(&cache, own, page);
		mappings_tag(
			&cache, (uintptr_t)other->start + page * (uintptr_t)PAGE, 8, clock_ticks());
	}
	return NULL;
}

int main(void)
{
	size_t size = (THREADS * (PAGES + 1) + 1) * (size_t)PAGE;
	char *all = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread[THREADS];

	clock_boot();
	mappings_boot();
	for (int i = 0; i < THREADS; i++) {
		stretch[i].start = all + PAGE + i * (PAGES + 1) * PAGE;
		protect(&stretch[i], 0, PAGES, PROT_READ | PROT_WRITE);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, &stretch[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("%d questions, %llu to the kernel, %u extents\n", 2 * THREADS * ROUNDS,
		(unsigned long long)ask_counts().queries, lane_count(mappings_births()));
	puts(wrong ? "wrong" : "ok");
	return wrong != 0;
}
