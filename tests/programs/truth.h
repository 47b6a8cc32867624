/* truth.h - what a ground-truth program knows of its own blocks and regions, and how it tells. */
#ifndef TRUTH_H
#define TRUTH_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "maps_now.h"
#include "tell.h"

/* The most that one run of a program keeps: ground_truth.c has about 3,000 at its height. */
#define TRUTHS 8192

/* One live block or region, as its call site saw it. caller: where the site returns to. */
struct truth {
	const char *type, *site;
	uintptr_t address, caller;
	size_t size;
	long tid;
	struct span birth;
};

static struct {
	pthread_mutex_t lock; /* held over an allocation and the look at maps behind it */
	size_t count;
	struct truth rows[TRUTHS];
} truths; /* all zero, which is also an unlocked mutex */

static inline void truth_lock(void)
{
	pthread_mutex_lock(&truths.lock);
}

static inline void truth_unlock(void)
{
	pthread_mutex_unlock(&truths.lock);
}

/* Notes what was just allocated. Under truth_lock, so that maps cannot change in between. */
static inline void truth_note(
	const char *type, const char *site, const void *address, size_t size, const void *caller)
{
	struct truth *row = &truths.rows[truths.count];

	if (!address || truths.count == TRUTHS) {
		tell("{\"fault\": \"%s of %zu bytes at %s failed\"}", type, size, site);
		_exit(3);
	}
	truths.count++;
	row->type = type;
	row->site = site;
	row->address = (uintptr_t)address;
	row->caller = (uintptr_t)caller;
	row->size = size;
	row->tid = syscall(SYS_gettid);
	row->birth = maps_find(address);
}

/* Strikes out the newest row of an address that is about to be released. Under truth_lock. */
static inline void truth_forget(const void *address)
{
	for (size_t i = truths.count; i-- > 0;) {
		if (truths.rows[i].address != (uintptr_t)address)
			continue;
		truths.rows[i] = truths.rows[--truths.count];
		return;
	}
}

static inline void truth_tell_row(const struct truth *row)
{
	struct span now = maps_find((const void *)row->address);

	tell("{\"%s\": \"0x%lx\", \"size\": %zu, \"tid\": %ld, \"site\": \"%s\", "
	     "\"caller\": \"0x%lx\", \"birth\": \"0x%lx-0x%lx\", \"now\": \"0x%lx-0x%lx\"}",
		row->type, row->address, row->size, row->tid, row->site, row->caller,
		row->birth.start, row->birth.end, now.start, now.end);
}

/* Tells every row, then asks for a dump by the signal and leaves it time: nothing may run beside
 * it. The program must end without releasing anything. */
static inline void truth_dump(void)
{
	const struct timespec pause = {0, 100000000};

	tell("{\"pid\": %d}", getpid());
	for (size_t i = 0; i < truths.count; i++)
		truth_tell_row(&truths.rows[i]);
	kill(getpid(), SIGUSR2);
	nanosleep(&pause, NULL);
}

#ifdef __cplusplus
#define TRUTH_EXTERN extern "C"
#else
#define TRUTH_EXTERN extern
#endif

/* Where the function that uses it returns to. */
#define CALLER __builtin_return_address(0)

/* Defines a call site: a function of its own name that allocates by the expression and notes it.
 * Exported and never inlined, so that a report can name it. */
#define SITE(name, type, size, parameters, expression)       \
	TRUTH_EXTERN void *name parameters;                  \
	__attribute__((noinline)) void *name parameters      \
	{                                                    \
		truth_lock();                                \
		void *made = expression;                     \
		truth_note(type, #name, made, size, CALLER); \
		truth_unlock();                              \
		return made;                                 \
	}

#endif
