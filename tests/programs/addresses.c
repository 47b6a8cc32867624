/* addresses.c - puts something at many places, tells for each what `vmatlas addr` must say of it,
 * and waits.
 *
 * A line is a JSON object: "place" names it, "address" is to be asked for, and the other keys are
 * what must be told. Sites that allocate and release are functions of their own, so that a call
 * stack can be known by its innermost name. */
#include "maps_now.h"
#include "tell.h"

#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { ZEROS = 3 << 20, BIG = 1 << 20, PAGE = 4096, SMALL = 100, STACK = 512 << 10 };

static char zeros[ZEROS];
static int with_value = 0x12345678;
static const long constant = 0x1122334455667788;

#define SITE __attribute__((noinline)) void

/* What the functions below have to say of themselves. */
static struct {
	char *small[3], *empty, *big[3], *arena;
	char *stack, *region, *hole, *gone, *again, *moved, *stays;
	uint64_t gone_before, gone_after;
} made;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned long at(const void *address)
{
	return (unsigned long)address;
}

/* -- Sites ---------------------------------------------------------------------------------- */

SITE make_small(void)
{
	for (int i = 0; i < 3; i++)
		made.small[i] = malloc(SMALL);
}

SITE make_empty(void)
{
	made.empty = malloc(0);
}

static bool merged(void)
{
	return made.big[0] && maps_find(made.big[0]).start == maps_find(made.big[2]).start;
}

/* Until three in a row have become one mapping: something else may lie between. */
SITE make_big(void)
{
	for (int i = 0; i < 30 && !merged(); i++) {
		made.big[0] = made.big[1];
		made.big[1] = made.big[2];
		made.big[2] = malloc(BIG);
	}
}

SITE make_stack(void)
{
	made.stack = aligned_alloc(PAGE, STACK);
}

SITE make_arena(void)
{
	made.arena = malloc(500);
}

SITE make_region(void)
{
	made.region =
		mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A page between two others, where nothing that comes later fits. */
SITE make_hole(void)
{
	made.hole =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

SITE unmap_hole(void)
{
	munmap(made.hole + PAGE, PAGE);
}

SITE make_gone(void)
{
	made.gone = malloc(3000);
}

SITE free_gone(void)
{
	free(made.gone);
}

SITE make_first(void)
{
	made.again = malloc(700);
}

SITE free_first(void)
{
	free(made.again);
}

SITE make_again(void)
{
	made.again = malloc(700);
}

/* The block behind it stays, lest it grow where it is. */
SITE make_moved(void)
{
	made.moved = malloc(900);
	made.stays = malloc(64);
}

SITE move_moved(void)
{
	made.moved = realloc(made.moved, 90000);
}

/* -- Tales ---------------------------------------------------------------------------------- */

static void tell_block(const char *place, const char *address, const char *start, size_t size,
	const char *site, long tid)
{
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"what\": \"block\", \"start\": "
	     "\"0x%lx\", \"size\": %zu, \"site\": \"%s\", \"tid\": %ld}",
		place, at(address), at(start), size, site, tid);
}

/* Beside a block, not in it. */
static void tell_beside(
	const char *place, const char *address, const char *what, const char *start, size_t size)
{
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"what\": \"%s\", \"start\": \"0x%lx\", "
	     "\"size\": %zu}",
		place, at(address), what, at(start), size);
}

static void tell_former(const char *place, const char *address, const char *what, const char *start,
	size_t size, const char *site, const char *release, const char *call)
{
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"what\": \"%s\", \"former\": "
	     "{\"start\": \"0x%lx\", \"size\": %zu, \"site\": \"%s\", \"release\": \"%s\", "
	     "\"call\": \"%s\", \"tid\": %d}}",
		place, at(address), what, at(start), size, site, release, call, getpid());
}

static void tell_symbol(
	const char *place, const void *address, const char *type, const char *name, size_t offset)
{
	unsigned char bytes[8];

	memcpy(bytes, address, sizeof(bytes));
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"what\": \"symbol\", \"type\": \"%s\", "
	     "\"name\": \"%s\", \"offset\": %zu, \"bytes\": "
	     "\"%02x%02x%02x%02x%02x%02x%02x%02x\"}",
		place, at(address), type, name, offset, bytes[0], bytes[1], bytes[2], bytes[3],
		bytes[4], bytes[5], bytes[6], bytes[7]);
}

static void tell_stack(
	const char *place, const void *address, const char *what, uintptr_t top, const char *name)
{
	tell("{\"place\": \"%s\", \"address\": \"0x%lx\", \"what\": \"%s\", \"depth\": %lu, "
	     "\"tid\": %ld, \"name\": \"%s\"}",
		place, at(address), what, top - (uintptr_t)address, syscall(SYS_gettid), name);
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void small_blocks(void)
{
	char *block;
	size_t usable;

	make_small();
	make_empty();
	block = made.small[1];
	usable = malloc_usable_size(block);
	tell_block("start of a block", block, block, SMALL, "make_small", getpid());
	tell_block("inside a block", block + 50, block, SMALL, "make_small", getpid());
	tell_block("last byte of a block", block + SMALL - 1, block, SMALL, "make_small", getpid());
	tell_beside("behind a block", block + SMALL, "slack", block, SMALL);
	tell_beside("last of a chunk", block + usable - 1, "slack", block, SMALL);
	tell_beside("size word of a block", block - 8, "header", block, SMALL);
	tell_beside("byte before a block", block - 1, "header", block, SMALL);
	if (block + usable + 8 == made.small[2])
		tell_beside("behind a chunk", block + usable, "header", made.small[2], SMALL);
	tell_block("an empty block", made.empty, made.empty, 0, "make_empty", getpid());
	tell_beside("behind an empty block", made.empty + 1, "slack", made.empty, 0);
}

static void big_blocks(void)
{
	make_big();
	for (int i = 0; i < 3; i++) {
		memset(made.big[i], 1, PAGE); /* the first page, and the header's */
		tell_block("big block", made.big[i] + i * 1000, made.big[i], BIG, "make_big",
			getpid());
	}
	tell_beside("header of a big block", made.big[1] - 16, "header", made.big[1], BIG);
	tell("{\"merged\": %s}", merged() ? "true" : "false");
	tell("{\"page\": \"0x%lx\", \"resident\": true}", at(made.big[0] + 100));
	tell("{\"page\": \"0x%lx\", \"resident\": false}", at(made.big[0] + BIG / 2));
}

/* -- Memory that was given back ------------------------------------------------------------- */

static void freed_blocks(void)
{
	char *moved;

	make_gone();
	made.gone_before = now_ns();
	make_first(); /* so that neither is at the end of the heap, or merges */
	make_moved();
	moved = made.moved;
	free_gone();
	made.gone_after = now_ns();
	free_first();
	make_again();
	move_moved();
	/* Not at its start, where something small may come to lie. */
	tell_former("a freed block", made.gone + 2000, "gap", made.gone, 3000, "make_gone",
		"free_gone", "free");
	tell("{\"gone\": [%lu, %lu]}", made.gone_before, made.gone_after);
	tell_former("an address used again", made.again, "block", made.again, 700, "make_first",
		"free_first", "free");
	tell_block("its block now", made.again, made.again, 700, "make_again", getpid());
	tell_former("a block that was moved", moved + 8, "gap", moved, 900, "make_moved",
		"move_moved", "realloc");
}

static void regions(void)
{
	make_region();
	make_hole();
	memset(made.hole, 1, PAGE);
	unmap_hole();
	tell("{\"place\": \"a region\", \"address\": \"0x%lx\", \"what\": \"region\", \"start\": "
	     "\"0x%lx\", \"size\": %d, \"site\": \"make_region\", \"tid\": %d}",
		at(made.region + 3 * PAGE + 5), at(made.region), 5 * PAGE, getpid());
	tell_former("an unmapped page", made.hole + PAGE + 10, "nothing", made.hole + PAGE, PAGE,
		"make_hole", "unmap_hole", "munmap");
}

/* -- What is of the program ----------------------------------------------------------------- */

static void variables(void)
{
	zeros[12345] = 1;
	tell_symbol("a variable that starts as zero", zeros + 12345, "variable", "zeros", 12345);
	tell_symbol("its start", zeros, "variable", "zeros", 0);
	tell_symbol("its last byte", zeros + ZEROS - 8, "variable", "zeros", ZEROS - 8);
	tell_symbol("a variable with a value", &with_value, "variable", "with_value", 0);
	tell_symbol("a constant", &constant, "variable", "constant", 0);
	tell_symbol("a function", (const char *)make_hole + 3, "function", "make_hole", 3);
	tell("{\"place\": \"code of the kernel\", \"address\": \"0x%lx\", \"what\": \"mapping\", "
	     "\"kind\": \"vdso\"}",
		getauxval(AT_SYSINFO_EHDR) + 100);
}

static sem_t has_told;

/* On a stack that is a block. */
static void *on_a_block(void *top)
{
	char local = 1;

	prctl(PR_SET_NAME, "on a block");
	tell("{\"place\": \"a local on a stack from malloc\", \"address\": \"0x%lx\", \"what\": "
	     "\"block\", \"start\": \"0x%lx\", \"size\": %d, \"site\": \"make_stack\", \"tid\": "
	     "%d, "
	     "\"depth\": %lu, \"thread\": %ld}",
		at(&local), at(made.stack), STACK, getpid(), (uintptr_t)top - (uintptr_t)&local,
		syscall(SYS_gettid));
	sem_post(&has_told);
	for (;;)
		pause();
	return top;
}

static void stack_of_a_block(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	make_stack();
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, made.stack, STACK);
	if (pthread_create(&thread, &attributes, on_a_block, made.stack + STACK))
		_exit(3);
	pthread_attr_destroy(&attributes);
	sem_wait(&has_told);
}

static void *worker(void *unused)
{
	pthread_attr_t attributes;
	size_t size, guard;
	void *low;
	int local = 1;

	prctl(PR_SET_NAME, "worker");
	make_arena();
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &low, &size);
	pthread_attr_getguardsize(&attributes, &guard);
	pthread_attr_destroy(&attributes);
	tell_stack("a local of a thread", &local, "stack", (uintptr_t)low + size, "worker");
	tell("{\"place\": \"a guard\", \"address\": \"0x%lx\", \"what\": \"guard\", \"tid\": %ld, "
	     "\"name\": \"worker\"}",
		at(low) - guard / 2, syscall(SYS_gettid));
	tell_block("a block of an arena", made.arena + 499, made.arena, 500, "make_arena",
		syscall(SYS_gettid));
	tell("{\"ready\": true}");
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t thread;
	int local = 1;

	small_blocks();
	big_blocks();
	freed_blocks();
	regions();
	variables();
	tell_stack("a local of main", &local, "stack", maps_find(&local).end, "addresses");
	stack_of_a_block();
	pthread_create(&thread, NULL, worker, NULL);
	pthread_join(thread, NULL);
	return local;
}
