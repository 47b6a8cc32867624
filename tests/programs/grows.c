/* grows.c - a program whose memory grows in one known way at each step.
 *
 * grows WAY: warms up, says "ready", and takes a step for each line of its standard input, after
 * which it says "stepped". Each way is a function below; the truth of a step stands there. */

#include "tell.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MIB = 1 << 20, SITES = 50 };

static void *volatile kept[100000];
static unsigned keeps;

__attribute__((noinline)) static void keep(void *block)
{
	kept[keeps++] = block;
}

static void fill(void *memory, size_t size)
{
	memset(memory, 0x5a, size);
}

/* -- The heap by 8 MiB, in blocks that are too small for a mapping of their own, and one anonymous
 * mapping by 4 MiB, touched: the first half of it was there. ---------------------------------- */

static char *mapping;

__attribute__((noinline)) static void grow_heap(void)
{
	for (int i = 0; i < 128; i++) {
		void *block = malloc(64 << 10);

		fill(block, 64 << 10);
		keep(block);
	}
}

__attribute__((noinline)) static void grow_mapping(size_t from, size_t to)
{
	mapping = mremap(mapping, from, to, MREMAP_MAYMOVE);
	fill(mapping + from, to - from);
}

__attribute__((noinline)) static void map_some(void)
{
	mapping = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(mapping, 4 * MIB);
}

static void heap_and_mapping(int step)
{
	if (!step)
		return map_some();
	grow_heap();
	grow_mapping((size_t)(4 * step) * MIB, (size_t)(4 * step + 4) * MIB);
}

/* -- The same, but the mapping of 4 MiB is new. ----------------------------------------------- */

static void heap_and_new_mapping(int step)
{
	if (!step)
		return;
	grow_heap();
	map_some();
}

/* -- A mapping of 1 MiB is there; below it, where the kernel joins the two, come 2 MiB from another
 * call. -----------------------------------------------------------------------------------------
 */

__attribute__((noinline)) static void map_at(char *where, size_t size)
{
	mapping = mmap(where, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		-1, 0);
	fill(mapping, size);
}

__attribute__((noinline)) static void map_below(void)
{
	map_at(mapping - 2 * MIB, 2 * MIB);
}

static void joined_mapping(int step)
{
	if (!step) {
		/* Room that nobody else is given. */
		mapping = mmap(NULL, 8 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		map_at(mapping + 6 * MIB, MIB);
		return;
	}
	map_below();
}

/* -- Three blocks of 1 MiB, each a mapping of its own, which the kernel joins. ------------------
 */

__attribute__((noinline)) static void allocate_large(void)
{
	void *block = malloc(MIB);

	fill(block, MIB);
	keep(block);
}

static void large_blocks(int step)
{
	for (volatile int i = 0; i < 3 && step; i++)
		allocate_large();
}

/* -- A mapping of 4 MiB that is there, untouched, and is touched. ------------------------------ */

static void touched_mapping(int step)
{
	if (!step)
		mapping = mmap(
			NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		fill(mapping, 4 * MIB);
}

/* -- A block of 1 MiB that is there, of which 256 KiB more are touched. ------------------------ */

static void touched_block(int step)
{
	if (!step)
		keep(calloc(8, MIB));
	else
		fill((char *)kept[0] + step * MIB, 256 << 10);
}

/* -- 50 call sites: number 17 leaks 64 blocks of 100 bytes in each step; the others fill up once,
 * exchange all they have, or hold ever more for a while. ----------------------------------------
 */

struct place {
	void *block[4096];
	unsigned count;
};

static struct place places[SITES];

/* A call site for each number: the return address into it is all that differs. */
#define SITE(n)                                                                 \
	__attribute__((noinline, noclone)) static void site_##n(unsigned count) \
	{                                                                       \
		for (unsigned i = 0; i < count; i++)                            \
			places[n].block[places[n].count++] = malloc(100 + n);   \
		__asm__ volatile("" ::"i"(n));                                  \
	}
#define TEN(X, t) X(t##0) X(t##1) X(t##2) X(t##3) X(t##4) X(t##5) X(t##6) X(t##7) X(t##8) X(t##9)
#define ALL(X) TEN(X, ) TEN(X, 1) TEN(X, 2) TEN(X, 3) TEN(X, 4)
ALL(SITE)

typedef void site(unsigned count);
#define ENTRY(n) site_##n,
static site *const sites[SITES] = {ALL(ENTRY)};

static void drop(struct place *place, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		free(place->block[i]);
	memmove(place->block + from, place->block + to,
		(place->count - to) * sizeof(*place->block));
	place->count -= to - from;
}

static void one_of_fifty(int step)
{
	for (unsigned n = 0; n < SITES; n++) {
		unsigned before = places[n].count;

		if (n == 17) {
			sites[n](64);
		} else if (n % 3 == 0) {
			/* Fills up in the first steps, and stays full. */
			sites[n](step < 2 ? 200 : 0);
		} else if (n % 3 == 1) {
			/* More each time, and nothing of what was there before. */
			sites[n](before + 20 + n);
			drop(&places[n], 0, before);
		} else {
			/* A large working set that breathes. */
			drop(&places[n], 0, before);
			sites[n](step % 2 ? 500 : 400);
		}
	}
}

/* -- Fragmentation: 2 MiB in blocks of 128 bytes, of which all but every 32nd is freed: what is
 * live falls, what is resident stays, and the allocator retains what was live. ------------------
 */

static void fragments(int step)
{
	enum { BLOCKS = 16384 };

	for (int i = 0; i < BLOCKS && !step; i++) {
		keep(malloc(120));
		fill(kept[i], 120);
	}
	for (int i = 0; i < BLOCKS && step == 1; i++)
		if (i % 32)
			free(kept[i]);
}

/* -- Three mappings of 256 KiB in each step, forgotten at once. -------------------------------- */

__attribute__((noinline)) static void forget_mapping(void)
{
	void *forgotten =
		mmap(NULL, 256 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fill(forgotten, 256 << 10);
	/* The kernel must not merge it with the next. */
	mprotect(forgotten, 4096, PROT_READ);
}

static void forgotten_mappings(int step)
{
	/* One call site, whatever the compiler thinks of loops. */
	for (volatile int i = 0; i < 3 && step; i++)
		forget_mapping();
}

/* -- Two threads more in each step, with stacks of 512 KiB of which they touch 256 KiB. ---------
 */

static void *live_on(void *wakes)
{
	char on_stack[256 << 10];

	fill(on_stack, sizeof(on_stack));
	__asm__ volatile("" ::"r"(on_stack) : "memory");
	pthread_barrier_wait(wakes);
	for (;;)
		pause();
	return NULL;
}

static void threads(int step)
{
	static pthread_barrier_t barriers[16];
	pthread_barrier_t *barrier = &barriers[step % 16];
	pthread_attr_t attributes;
	pthread_t thread;

	if (!step)
		return;
	pthread_barrier_init(barrier, NULL, 3);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 512 << 10);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread, &attributes, live_on, barrier);
	pthread_barrier_wait(barrier);
}

/* -- One thread more in each step, on a stack of 512 KiB that the program has mapped itself. -----
 */

static void own_stacks(int step)
{
	static pthread_barrier_t barriers[16];
	pthread_barrier_t *barrier = &barriers[step % 16];
	pthread_attr_t attributes;
	pthread_t thread;
	void *stack;

	if (!step)
		return;
	stack = mmap(NULL, 512 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_barrier_init(barrier, NULL, 2);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, 512 << 10);
	pthread_create(&thread, &attributes, live_on, barrier);
	pthread_barrier_wait(barrier);
}

/* -- Nothing at all. -------------------------------------------------------------------------- */

static void nothing(int step)
{
	(void)step;
}

/* -- The program ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*step)(int number);
} ways[] = {
	{"heap-and-mapping", heap_and_mapping},
	{"heap-and-new-mapping", heap_and_new_mapping},
	{"joined-mapping", joined_mapping},
	{"large-blocks", large_blocks},
	{"touched-mapping", touched_mapping},
	{"touched-block", touched_block},
	{"one-of-fifty", one_of_fifty},
	{"fragments", fragments},
	{"forgotten-mappings", forgotten_mappings},
	{"own-stacks", own_stacks},
	{"threads", threads},
	{"nothing", nothing},
};

static void (*way_called(const char *name))(int)
{
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, name))
			return ways[i].step;
	return NULL;
}

int main(int argc, char **argv)
{
	void (*step)(int) = argc > 1 ? way_called(argv[1]) : NULL;
	char byte;

	if (!step)
		return 2;
	step(0);
	tell("ready");
	for (int number = 1; read(STDIN_FILENO, &byte, 1) == 1; number++) {
		step(number);
		tell("stepped");
	}
	return 0;
}
