/* thread_stacks.c - threads with stacks of 10 MiB and with others, each of which touches a known
 * part of its stack, says what pthread_getattr_np says of it, and waits.
 *
 * A line is JSON: tid, name, start, end and guard of the stack, and touched, which is how many
 * bytes below its end were written to. "ready" follows for each thread. The stack of the last one
 * is the program's own memory, whose lowest page it made a guard by MADV_GUARD_INSTALL where the
 * kernel can: installed is its size then. */
#include "tell.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13, include/uapi/asm-generic/mman-common.h */
#endif

enum { PAGE = 4096, LARGE = 10 << 20, OWN = 1 << 20 };

struct kind {
	char name[16];
	size_t stack, guard, touch;
	int own;
};

static struct kind kinds[] = {
	{"small-touch", LARGE, PAGE, 8 << 10, 0},
	{"large-touch", LARGE, PAGE, 3 << 20, 0},
	{"wide-guard", LARGE, 64 << 10, 100 << 10, 0},
	{"no-guard", LARGE, 0, 8 << 10, 0},
	{"own-memory", OWN, 0, 16 << 10, 1},
};

static size_t installed;

/* Writes to each page of so many bytes below here. */
static __attribute__((noinline)) char touch(size_t bytes)
{
	char memory[bytes];

	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)memory)[i] = 1;
	return memory[0];
}

static void tell_stack(const struct kind *kind)
{
	char *here = __builtin_frame_address(0);
	pthread_attr_t attributes;
	size_t size, guard;
	void *start;

	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &start, &size);
	pthread_attr_getguardsize(&attributes, &guard);
	tell("{\"tid\": %d, \"name\": \"%s\", \"start\": \"%p\", \"end\": \"%p\", \"guard\": %zu, "
	     "\"touched\": %zu, \"installed\": %zu}",
		gettid(), kind->name, start, (void *)((char *)start + size), guard,
		(size_t)((char *)start + size - here) + kind->touch, kind->own ? installed : 0);
	pthread_attr_destroy(&attributes);
}

static void *run(void *argument)
{
	struct kind *kind = argument;

	prctl(PR_SET_NAME, kind->name);
	touch(kind->touch);
	tell_stack(kind);
	tell("ready");
	for (;;)
		pause();
	return NULL;
}

/* Between two pages of nothing, so that it stays a mapping of its own. */
static void *own_stack(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;
	char *memory = mmap(NULL, OWN + 2 * PAGE, PROT_NONE, private, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + PAGE, OWN, PROT_READ | PROT_WRITE))
		exit(1);
	memory += PAGE;
	if (!madvise(memory, PAGE, MADV_GUARD_INSTALL))
		installed = PAGE;
	return memory;
}

static void start(struct kind *kind)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	if (kind->own) {
		pthread_attr_setstack(&attributes, own_stack(), kind->stack);
	} else {
		pthread_attr_setstacksize(&attributes, kind->stack);
		pthread_attr_setguardsize(&attributes, kind->guard);
	}
	if (pthread_create(&thread, &attributes, run, kind))
		exit(1);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		start(&kinds[i]);
	for (;;)
		pause();
	return 0;
}
