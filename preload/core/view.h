/* view.h - one moment of one process, to be read: the shim's own tables, or a snapshot's.
 *
 * Whoever fills a view owns everything it points to, for as long as the view is read. */
#ifndef VMATLAS_VIEW_H
#define VMATLAS_VIEW_H

#include "blocks.h"
#include "lane.h"
#include "maps_reader.h"
#include "vmatlas_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State of a run of pages. */
enum view_page {
	VIEW_PRESENT = 1, /* in memory and counted in RSS */
	VIEW_SWAPPED = 2,
	VIEW_HUGE = 4, /* part of a huge page */
	VIEW_ZERO = 8, /* the shared page of zeros: mapped, not counted in RSS */
};

struct view_run {
	uint64_t start, end;
	uint32_t state; /* enum view_page; never 0 */
};

/* Gives the runs of one mapping that are in any state above, in order: at most `capacity` of them,
 * from *from on, which is moved behind the last. Returns how many, 0 at the end; *from is
 * UINT64_MAX when the kernel would not say. */
typedef size_t view_runs(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity);

/* Something that was not seen or could not be kept. */
struct view_lost {
	const char *name;        /* JSON key */
	const char *explanation; /* for people: "frees of blocks that are older than the shim" */
	uint64_t count;
};

enum { VIEW_LOST = 32, VIEW_NOTICES = 16, VIEW_OWN = 96 };

/* In the place of a figure. */
#define VIEW_UNKNOWN UINT64_MAX

struct view_range {
	uint64_t start, end;
};

/* Two readings of the clocks, to tell ns from ticks. */
struct view_clock {
	uint64_t ticks, realtime_ns, monotonic_ns;
};

struct view {
	/* The process. Strings are NUL-terminated; argv is its arguments, each with its NUL. */
	uint32_t pid;
	uint32_t page_size;
	const char *exe, *name, *kernel;
	const char *argv;
	size_t argv_length;

	/* This dump. */
	uint32_t number;    /* from 1 */
	const char *reason; /* "signal", "exit", "api", ... */
	bool complete;      /* false: something below could not be read at all */
	struct view_lost lost[VIEW_LOST];
	unsigned losts;
	const char *notice[VIEW_NOTICES]; /* sentences that a person should read first */
	unsigned notices;
	struct view_clock start, now;
	uint64_t resolution_ticks; /* of birth times */

	/* The first four, and the peak, are VIEW_UNKNOWN where they cannot be true. */
	uint64_t allocations, allocated_bytes, frees, freed_bytes, failed;
	uint64_t peak_live_bytes, peak_error;

	/* The tables. */
	const struct blocks *blocks;
	const struct lane *frames, *origins, *moments, *births, *bigs, *threads, *regions, *modules,
		*strings;
	bool from_file; /* they are a snapshot's */
	/* Mean bytes between two blocks with a call stack, and what these stand for; 0: all have.
	 */
	uint64_t sample_mean;
	const struct lane *weights;
	const struct lane *phases; /* NULL: none */
	const struct lane *freed;  /* NULL: freed blocks are not remembered */
	uint32_t history;          /* so many of them are, at most */
	/* Looked up in the process's memory, each by start; none of both where it could not be. */
	const struct vmatlas_extent *extent;
	const struct vmatlas_image *image;
	uint32_t extents, images;
	/* Chunks of glibc's heaps that are neither a known block's nor free, each by start. */
	const struct view_range *held;
	uint32_t helds;
	/* Anonymous mappings, by start. */
	const struct vmatlas_sighting *sighting;
	uint32_t sightings;
	bool glibc; /* the allocator is glibc's: arenas and large blocks look as it makes them */

	/* vmatlas's own memory. */
	struct view_range own[VIEW_OWN];
	unsigned owns;

	/* What the kernel says: the text of smaps, and the state of pages. rewind starts the text
	 * again; 0 or a negative errno. */
	maps_read *smaps_read;
	int (*smaps_rewind)(void *context);
	bool maps_only;  /* it is no more than maps: what is resident is not known */
	view_runs *runs; /* NULL: not known */
	void *context;
};

/* What the tables of blocks refer to. Anywhere, as all of this file. */
struct blocks_tables view_tables(const struct view *view);

/* Nanoseconds since 1970 of a time in ticks, by the clock as it stood at the start; 0 for 0 ticks,
 * which is a time that is not known. */
uint64_t view_time_ns(const struct view *view, uint64_t ticks);

/* So many ticks in nanoseconds, and how long before `now` a time was. */
uint64_t view_span_ns(const struct view *view, uint64_t ticks);
uint64_t view_age_ns(const struct view *view, uint64_t ticks);

/* Whether the block's call stack was kept. Where all are, one that was lost is just not known: such
 * blocks are held together by number 0. Where they are sampled, the block's call stack holds what
 * it stands for, and others none. */
static inline bool view_has_callstack(const struct view *view, const struct block *block)
{
	return !view->sample_mean || block->origin;
}

/* The bytes of string number `id`, and their count; "" and 0 for none. Not NUL-terminated. */
const char *view_string(const struct view *view, uint32_t id, size_t *length);

/* When the memory at this address came, or NULL where that is not known. */
const struct vmatlas_sighting *view_sighting(const struct view *view, uint64_t address);

/* The kernel's number of thread number `thread`, 0 for none. */
uint32_t view_tid(const struct view *view, uint32_t thread);

#endif
