/* trim.h - what malloc_trim(0) would give back, by glibc's rules.
 *
 * Facts: mtrim, systrim and request2size in glibc's malloc/malloc.c, the same from 2.8 to 2.42 for
 * 64 bits. A chunk is its header of 16 bytes, the first half of which the chunk before may use, and
 * what was asked for, in steps of 16 bytes, 32 at least. Of a free chunk whole pages are given back
 * that lie behind its six words of links. Freed neighbours have become one chunk by then. */
#ifndef VMATLAS_TRIM_H
#define VMATLAS_TRIM_H

#include <stdint.h>

enum {
	TRIM_HEADER = 16,    /* CHUNK_HDR_SZ: from a chunk to its block */
	TRIM_LINKS = 48,     /* sizeof(struct malloc_chunk) */
	TRIM_LEAST = 32,     /* MINSIZE */
	TRIM_FENCEPOST = 32, /* kept at the end of an arena's heap that another one follows */
};

/* Where the chunk ends that holds the block. Anywhere, as all here. */
uint64_t trim_chunk_end(uint64_t address, uint64_t size);

/* How many bytes the block may use beyond `size`, where it has a chunk among others and got no more
 * than it had to. */
uint64_t trim_slack(uint64_t size);

/* The pages [*start, *end) that are given back of the free chunk [from, to); the same where none
 * are. */
void trim_free_chunk(uint64_t from, uint64_t to, uint64_t page, uint64_t *start, uint64_t *end);

/* The same of the topmost chunk of the brk heap: one page or less of it stays, at its start. */
void trim_top(uint64_t from, uint64_t to, uint64_t page, uint64_t *start, uint64_t *end);

#endif
