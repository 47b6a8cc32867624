/* store.h - the memory that vmatlas keeps its tables in.
 *
 * Pages come straight from the kernel, in chunks that grow with the store, and are never given
 * back: whoever reads a table needs no protection against its end. What the kernel refuses is
 * counted, and the program goes on. */
#ifndef VMATLAS_STORE_MEMORY_H
#define VMATLAS_STORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/lane.h"

enum { STORE_CHUNKS = 64 };

/* One piece of address space that is ours. */
struct store_chunk {
	uintptr_t start;
	size_t size;
};

/* `size` bytes of zeros, aligned to 64; NULL when the kernel refuses. Ours for ever. Under the
 * guard; takes a lock. */
void *store_take(size_t size);

/* The same, aligned to a page. */
void *store_take_pages(size_t size);

/* The same as store_take for what will be written all over, soon: its pages are there already. */
void *store_take_whole(size_t size);

/* The kernel fills in the pages of this piece at once, where they are not there yet: a page
 * fault for each costs more, in a virtual machine ten times as much. Where it cannot (before Linux
 * 5.14) they come one by one, as ever. errno stays. Anywhere. */
void store_fill(const void *start, size_t size);

/* The same for pages of a file that are only read. */
void store_fill_code(const void *start, size_t size);

/* The number that store_append would give, whose record can be filled before lane_publish makes it
 * count; 0 as there. Same rules. */
uint32_t store_reserve(struct lane *lane, uint32_t limit);

/* The number of a fresh record of zeros in the lane, or 0 when there is no memory or `limit`
 * records are reached. Under the guard; the lane's own lock must be held. */
uint32_t store_append(struct lane *lane, uint32_t limit);

/* Moves all there is into a file, if one is wanted (storefile.h) and this is the moment for it:
 * there is one thread, and not on a stack of ours. Calls here from store_take come by themselves.
 * Under the guard. */
void store_move(void);

/* The chunks in use, and how often the kernel said no. Anywhere. */
unsigned store_chunks(struct store_chunk *chunks, unsigned capacity);
uint64_t store_refused(void);

/* Whether the address lies in memory of ours. Anywhere. */
bool store_owns(uintptr_t address);

#endif
