/* mappings.h - which mapping an address lies in.
 *
 * Asked for every block at its birth, so the answer is nearly always the thread's own last one.
 * What could make that wrong is known: our wrappers, and whoever finds that the kernel's answer has
 * changed, write the range into a short log of changes; an answer is good as long as no later
 * change touches it. The end of the brk heap, which glibc moves without passing a wrapper, is read
 * from libc's own variable. Raw system calls are seen by asking the kernel again from time to
 * time. */
#ifndef VMATLAS_MAPPINGS_H
#define VMATLAS_MAPPINGS_H

#include "core/lane.h"

#include <stdbool.h>
#include <stdint.h>

/* A mapping that a thread knows. First what the main path looks at. */
struct mappings_place {
	uint64_t start;
	uint64_t room;        /* a block that ends within so many bytes from the start is in it */
	uint64_t until;       /* the answer is good until this tick */
	uint64_t brk;         /* libc's break when it was last looked at */
	uint64_t seen;        /* all changes up to this one were looked at */
	uint32_t birth;       /* number of its struct vmatlas_birth */
	uint32_t moment;      /* for track: 0 when there is none yet */
	uint64_t end;         /* 0: empty */
	uint64_t recheck;     /* ask the kernel again at this tick */
	uint64_t heap_end;    /* `brk` where this is the heap, else 0 */
	uint64_t moment_ends; /* for track: until when `moment` is good, ticks */
};

enum {
	/* Two arenas, the heap and a large block's mapping are in turn at most. */
	MAPPINGS_PLACES = 4,
	/* glibc extends the heap when less than the wanted chunk and MINSIZE (32 bytes) is left, so
	 * a block that was cut without moving the end lies at least that far from it. */
	MAPPINGS_TAIL = 64,
};

struct mappings_cache {
	struct mappings_place place[MAPPINGS_PLACES]; /* the last one first */
	uint32_t oldest;
};

/* What can make an answer wrong. */
struct mappings_news {
	_Atomic uint64_t changes; /* how many there were */
	/* libc's break: `__curbrk`, which glibc exports since 2.2.5; elsewhere a place with 0. */
	const uintptr_t *heap_end;
};
extern struct mappings_news mappings_news __attribute__((visibility("hidden")));

/* The last answer. */
static inline struct mappings_place *mappings_last(struct mappings_cache *cache)
{
	return &cache->place[0];
}

/* Whether the place is still the answer for the block, and nothing happened that would have to be
 * looked at first. Under the guard. */
static inline bool mappings_hit(
	const struct mappings_place *place, uintptr_t address, size_t size, uint64_t now)
{
	uintptr_t offset = address - place->start;

	return now < place->until && offset <= place->room && size <= place->room - offset &&
	       place->brk == *mappings_news.heap_end &&
	       atomic_load_explicit(&mappings_news.changes, memory_order_acquire) == place->seen;
}

/* mappings_tag where the last answer has to be looked at. Under the guard. */
struct mappings_place *mappings_tag_slowly(
	struct mappings_cache *cache, uintptr_t address, size_t size, uint64_t now);

/* The mapping that holds the `size` bytes at the address (or at least their first), or NULL when
 * the kernel knows none or could not be asked. The place is the cache's, good until the next call
 * with this cache. Under the guard. */
static inline struct mappings_place *mappings_tag(
	struct mappings_cache *cache, uintptr_t address, size_t size, uint64_t now)
{
	struct mappings_place *place = mappings_last(cache);

	return __builtin_expect(mappings_hit(place, address, size, now), 1)
		       ? place
		       : mappings_tag_slowly(cache, address, size, now);
}

/* Says that what is mapped at or beside [start, end) may be another from now on. Anywhere. */
void mappings_changed(uintptr_t start, uintptr_t end);

/* The same where the range is not known. Anywhere. */
void mappings_changed_all(void);

/* The table of struct vmatlas_birth. Anywhere. */
const struct lane *mappings_births(void);
uint64_t mappings_lost(void);

/* Start only. */
void mappings_boot(void);

#endif
