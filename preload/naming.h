/* naming.h - the names of functions for a report, looked up inside the process.
 *
 * All wanted frames are named before the report is written: the symbol tables of each file are read
 * once for all of them, from front to back, and nothing of them is kept but names. Works in memory
 * that the caller gives; no lock, no heap; one file at a time is open while it is read. Everything
 * may be called anywhere, signal handlers included, with 4 KiB of stack. */
#ifndef VMATLAS_NAMING_H
#define VMATLAS_NAMING_H

#include "naming_places.h"
#include "core/atlas.h"
#include "core/names.h"
#include "core/view.h"

/* Which frames get names. */
struct naming_wanted {
	/* NULL: every frame. Else those of its first `stacks` call stacks, and of whoever made a
	 * region, started a thread or owns a mapping; `depth` frames of each, and the frame that
	 * stands for all (place_of_caller). */
	const struct atlas *atlas;
	uint32_t stacks, depth;
};

/* What has no name, and why. */
struct naming_counts {
	uint32_t modules_changed;    /* another file stands at their path by now */
	uint32_t modules_unreadable; /* no file that can be read */
	uint64_t names_truncated;    /* longer than a name may be; they end with "..." */
	uint64_t names_lost;         /* of places, for want of memory */
	uint64_t frames_lost;        /* that were not looked at, for want of memory */
};

struct naming_bench;
struct symbols_query;

/* Read `counts`; the rest is naming.c's own. Everything lies in the memory given to naming_make. */
struct naming {
	struct naming_counts counts;
	const struct view *view;
	struct naming_places places;
	struct naming_bench *bench;
	struct symbols_query *queries;
	size_t queries_room;
	char *names;
	size_t names_size, names_used;
};

/* Bytes of memory with which all wanted frames can be named, a few more that come meanwhile
 * included. Most of it is never touched: to be had from mmap(2) with MAP_NORESERVE. */
size_t naming_memory(const struct view *view, const struct naming_wanted *wanted);

/* Looks the names up. `memory` is zeros, aligned to 16 bytes, the caller's, and holds the names
 * until it is unmapped. With less of it than naming_memory says, and whatever the files are like,
 * the names are fewer, and the counts tell. */
void naming_make(struct naming *naming, const struct view *view, const struct naming_wanted *wanted,
	void *memory, size_t size);

/* A names_of, its context a struct naming: at most one level, since symbol tables know nothing of
 * inlined functions. The function is that of the instruction before the return address; above a
 * signal frame, where pc is the interrupted instruction itself, that is wrong if it is a function's
 * first, and the record does not tell. Names are as the file has them, mangled. */
size_t naming_of(void *naming, uint32_t frame, struct name *names, size_t capacity);

#endif
