/* vmatlas_snapshot.h - the file that a snapshot is.
 *
 * A header, then chunks until the end chunk. Each chunk is a struct vmatlas_chunk, `count` records
 * of `record_size` bytes, and zeros up to a multiple of 8. It is written in one go, without knowing
 * what is still to come: a table may come in any number of chunks of its tag, in the order of its
 * records. Records are numbered from 1 over all chunks of their tag; 0 means none. A reader passes
 * over chunks whose tag it does not know. A file without its end chunk was cut short. */
#ifndef VMATLAS_SNAPSHOT_FILE_H
#define VMATLAS_SNAPSHOT_FILE_H

#include <stdint.h>

#include "vmatlas_store.h"

/* Written as a number: a machine of the other byte order reads 04030201. */
#define VMATLAS_BYTE_ORDER 0x01020304u

struct vmatlas_header {
	char magic[8];       /* VMATLAS_STORE_MAGIC */
	uint32_t byte_order; /* VMATLAS_BYTE_ORDER */
	uint32_t version;    /* VMATLAS_STORE_VERSION */
	uint32_t page_size;  /* bytes */
	uint32_t word_size;  /* bytes of a pointer: 8 */
	uint64_t reserved;   /* 0 */
};

struct vmatlas_chunk {
	uint32_t tag;         /* enum vmatlas_tag */
	uint32_t record_size; /* bytes; the table beside the tags has them all */
	uint64_t count;
};

/* Four letters that can be read in a hex dump, whatever the byte order. */
#define VMATLAS_TAG(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* What a chunk's records are. Texts have records of one byte and no NUL at their end. */
enum vmatlas_tag {
	/* One struct vmatlas_facts; once, as the first chunk. */
	VMATLAS_TAG_FACTS = VMATLAS_TAG('F', 'A', 'C', 'T'),

	/* Texts, once each: path of the program, its name, the kernel's release, why this dump; the
	 * arguments, each with its NUL. */
	VMATLAS_TAG_EXE = VMATLAS_TAG('E', 'X', 'E', ' '),
	VMATLAS_TAG_NAME = VMATLAS_TAG('N', 'A', 'M', 'E'),
	VMATLAS_TAG_KERNEL = VMATLAS_TAG('K', 'E', 'R', 'N'),
	VMATLAS_TAG_REASON = VMATLAS_TAG('W', 'H', 'Y', ' '),
	VMATLAS_TAG_ARGV = VMATLAS_TAG('A', 'R', 'G', 'V'),
	/* A text per chunk: a sentence that a person should read first. */
	VMATLAS_TAG_NOTICE = VMATLAS_TAG('N', 'O', 'T', 'E'),
	/* One per chunk: what was not seen. A uint64_t that counts it, a name and an explanation,
	 * each with its NUL. */
	VMATLAS_TAG_LOST = VMATLAS_TAG('L', 'O', 'S', 'T'),

	/* struct vmatlas_range: memory that is vmatlas's own. */
	VMATLAS_TAG_OWN = VMATLAS_TAG('O', 'W', 'N', ' '),
	/* struct vmatlas_placed: words of the table of blocks, from low addresses to high. */
	VMATLAS_TAG_BLOCKS = VMATLAS_TAG('B', 'L', 'O', 'C'),

	/* The records of vmatlas_store.h. */
	VMATLAS_TAG_BIGS = VMATLAS_TAG('B', 'I', 'G', 'S'),
	VMATLAS_TAG_ORIGINS = VMATLAS_TAG('O', 'R', 'I', 'G'),
	VMATLAS_TAG_WEIGHTS = VMATLAS_TAG('W', 'E', 'I', 'G'),
	VMATLAS_TAG_MOMENTS = VMATLAS_TAG('M', 'O', 'M', 'E'),
	VMATLAS_TAG_BIRTHS = VMATLAS_TAG('B', 'I', 'R', 'T'),
	VMATLAS_TAG_REGIONS = VMATLAS_TAG('R', 'E', 'G', 'I'),
	VMATLAS_TAG_THREADS = VMATLAS_TAG('T', 'H', 'R', 'E'),
	VMATLAS_TAG_PHASES = VMATLAS_TAG('P', 'H', 'A', 'S'),
	/* Those of the last facts.history frees that were at rest; in no order. */
	VMATLAS_TAG_FREED = VMATLAS_TAG('F', 'R', 'E', 'E'),
	VMATLAS_TAG_FRAMES = VMATLAS_TAG('F', 'R', 'A', 'M'),
	VMATLAS_TAG_MODULES = VMATLAS_TAG('M', 'O', 'D', 'U'),
	VMATLAS_TAG_EXTENTS = VMATLAS_TAG('E', 'X', 'T', 'E'),
	VMATLAS_TAG_IMAGES = VMATLAS_TAG('I', 'M', 'A', 'G'),
	VMATLAS_TAG_SIGHTINGS = VMATLAS_TAG('S', 'E', 'E', 'N'),
	/* struct vmatlas_range: memory of malloc's that is neither a known block's nor free. */
	VMATLAS_TAG_HELD = VMATLAS_TAG('H', 'E', 'L', 'D'),
	/* Records of VMATLAS_STRING_RECORD bytes. A text lies in as many neighbours as it needs:
	 * a uint32_t that is its length, then its bytes. Its number is that of the first. */
	VMATLAS_TAG_STRINGS = VMATLAS_TAG('S', 'T', 'R', 'I'),

	/* The text of /proc/PID/smaps, to be put together from all chunks. */
	VMATLAS_TAG_SMAPS = VMATLAS_TAG('S', 'M', 'A', 'P'),
	/* struct vmatlas_run: the state of pages, mapping by mapping in the order of smaps. A page
	 * in no run is not there. */
	VMATLAS_TAG_RUNS = VMATLAS_TAG('R', 'U', 'N', 'S'),

	/* One struct vmatlas_end. Nothing follows. */
	VMATLAS_TAG_END = VMATLAS_TAG('E', 'N', 'D', ' '),
};

enum { VMATLAS_STRING_RECORD = 64 };

enum vmatlas_fact {
	VMATLAS_FACT_COMPLETE =
		1,              /* all that this dump wanted could be read; see vmatlas_end too */
	VMATLAS_FACT_GLIBC = 2, /* the allocator is glibc's */
	VMATLAS_FACT_PAGES = 4, /* the state of pages was asked for */
	/* Made of the store of a process that was killed: instead of smaps, mappings as they were
	 * known last, and nothing of what was resident. */
	VMATLAS_FACT_MAPS_ONLY = 8,
};

/* One instant on three clocks. */
struct vmatlas_instant {
	uint64_t ticks, realtime_ns, monotonic_ns;
};

struct vmatlas_facts {
	uint32_t pid;
	uint32_t number;  /* of the dump, from 1 */
	uint32_t flags;   /* enum vmatlas_fact */
	uint32_t history; /* so many freed blocks are remembered at most; 0: none */
	struct vmatlas_instant start, now; /* of the shim, of the dump */
	uint64_t resolution_ticks;         /* of birth times */
	uint64_t allocations, allocated_bytes, frees, freed_bytes, failed;
	uint64_t peak_live_bytes, peak_error;
	/* A block of s bytes has its call stack with the chance 1 - exp(-s / sample_mean), one of
	 * no bytes that of one byte; 0: each has. */
	uint64_t sample_mean;
};

struct vmatlas_range {
	uint64_t start, end;
};

/* A block: its address divided by 32, and its word. Where the word names a struct vmatlas_big, that
 * is a record of this file, not of the process. */
struct vmatlas_placed {
	uint64_t window, word;
};

struct vmatlas_run {
	uint64_t start, end;
	uint32_t state; /* 1 present, 2 swapped, 4 huge, 8 page of zeros; 0: the kernel did not say
			 */
	uint32_t reserved;
};

struct vmatlas_end {
	uint64_t offset; /* of this chunk in the file */
	uint32_t error;  /* the errno that ended the reading of smaps too early, else 0 */
	uint32_t reserved;
};

#endif
