/* vmatlas_store.h - the records of a store, and the file that a snapshot is.
 *
 * A store is what the shim keeps in memory: tables of the records below. A snapshot is the same
 * tables, frozen in a file beside what the kernel said at that moment. Both are read by the same
 * code. All numbers are in the machine's byte order (the header tells which), sizes are bytes,
 * times are ticks of the store's clock unless the name says ns. */
#ifndef VMATLAS_STORE_H
#define VMATLAS_STORE_H

#include <stdint.h>

/* Changes whenever a record below changes; readers refuse what they do not know. */
#define VMATLAS_STORE_VERSION 3
#define VMATLAS_STORE_MAGIC "vmatlas\n"

/* One frame of a call stack. A call stack is the number of its innermost frame; following
 * `parent` leads outward until 0. Call stacks that share outer frames share these records. */
struct vmatlas_frame {
	uint64_t pc;     /* the return address; the interrupted address above a signal frame */
	uint32_t parent; /* the caller's frame, 0 for none */
	uint32_t module; /* the module that held pc when it was seen, 0 for none */
};

/* What one thread slot asked for from one call stack, ever; of a process that samples, what was
 * sampled of it. Written by one thread at a time, so the counters need no atomic addition. Numbers
 * are given to slots by runs of 8, so that two threads share no line of the cache; a record that is
 * all zeros was given and not used yet. */
struct vmatlas_origin {
	uint32_t frame;           /* the call stack */
	uint32_t slot;            /* the thread slot, see struct vmatlas_thread */
	uint64_t allocations;     /* only grows */
	uint64_t allocated_bytes; /* only grows */
};

/* What the samples of the origin with the same number stand for, where not all allocations get a
 * call stack: estimates, and the squares of their standard errors. All zeros: none was sampled. Its
 * writers are the origin's. */
struct vmatlas_weight {
	uint64_t samples; /* only grows, as all here */
	double allocations, allocations_variance;
	double allocated_bytes, allocated_bytes_variance;
};

/* When, in which mapping and by which thread a run of small blocks was born. */
struct vmatlas_moment {
	/* Ticks; the blocks were born in [time, time + resolution). 0: not known, nor is the
	 * mapping, as of blocks that were not sampled. */
	uint64_t time;
	uint32_t mapping; /* the mapping at birth */
	uint32_t thread;
};

/* A mapping as it was seen when a block was born in it. */
struct vmatlas_birth {
	uint64_t start, end;
};

/* A block that does not fit a word: large, or at an address that is no multiple of 8. */
struct vmatlas_big {
	uint64_t address; /* 0: free record */
	uint64_t size;
	uint64_t time;
	uint32_t origin;
	uint32_t thread;
	uint32_t mapping; /* number of a struct vmatlas_birth */
	/* Of a free record the next one in its list; else VMATLAS_BIG_CHECK, and in snapshots 0. */
	uint32_t next;
};

/* By which is seen that a live record was written over; never 0. The factor is 2^64 by the golden
 * ratio. */
#define VMATLAS_BIG_CHECK(address, size) \
	((uint32_t)((((address) << 32 | (address) >> 32) + (size)) * 0x9e3779b97f4a7c15u >> 32) | 1)

/* A thread that was seen. Slots are used again by later threads, records are not. */
struct vmatlas_thread {
	uint32_t tid;
	uint32_t slot;
	uint64_t started, ended;         /* ticks; ended 0: it lives */
	uint64_t stack_start, stack_end; /* the usable stack, without the guard; 0 unknown */
	uint64_t guard_bytes;
	uint32_t creator; /* call stack of its pthread_create, 0 unknown */
	uint32_t flags;   /* enum vmatlas_thread_flag */
	char name[16];
};

enum vmatlas_thread_flag {
	VMATLAS_THREAD_MAIN = 1,
	VMATLAS_THREAD_STACK_KNOWN = 2, /* stack and guard are from pthread_getattr_np(3) */
};

/* What one call created. */
struct vmatlas_region {
	uint32_t sequence; /* odd while it is written; readers try again or leave it out */
	uint32_t state;    /* enum vmatlas_region_state */
	uint64_t start, end;
	uint64_t time;
	uint32_t frame; /* call stack of who asked */
	uint32_t thread;
	uint32_t call; /* enum vmatlas_call */
	uint32_t next; /* of the free list */
};

enum vmatlas_region_state { VMATLAS_REGION_FREE, VMATLAS_REGION_LIVE };

enum vmatlas_call {
	VMATLAS_CALL_MMAP = 1,
	VMATLAS_CALL_MREMAP,
	VMATLAS_CALL_SHMAT,
	VMATLAS_CALL_BRK,
	VMATLAS_CALL_BEFORE, /* the loader, before the shim: no call stack */
	VMATLAS_CALL_WITHIN, /* mmap or mremap from within malloc: for itself, no call stack */
};

/* A block or region that is no more: who made it, and who gave it back. */
struct vmatlas_freed {
	/* Twice the number of the release, from 1; one more while it is written; 0: none yet. */
	uint64_t sequence;
	uint64_t address, size;
	uint64_t made, freed;   /* ticks */
	uint32_t frame, thread; /* call stack and thread that made it; 0 unknown */
	uint32_t freed_frame;   /* call stack of who gave it back */
	uint32_t freed_thread;  /* and its thread */
	uint32_t call;          /* enum vmatlas_call that made a region; 0: a block */
	uint32_t release;       /* enum vmatlas_release */
};

/* The call that gave it back. */
enum vmatlas_release {
	VMATLAS_RELEASE_FREE = 1,
	VMATLAS_RELEASE_REALLOC,
	VMATLAS_RELEASE_MUNMAP,
	VMATLAS_RELEASE_MREMAP,
	VMATLAS_RELEASE_SHMDT,
};

/* Memory that glibc's malloc asked the kernel for past every wrapper, as its own headers in that
 * memory tell (struct heap_info in malloc/arena.c, struct malloc_chunk in malloc/malloc.c). */
struct vmatlas_extent {
	uint64_t start, end; /* of an arena's heap: all that is reserved */
	uint64_t committed;  /* bytes, from start on, that may be used */
	/* The one block; or the arena's top chunk, 0 where that is elsewhere, `start` unknown. */
	uint64_t inside;
	uint32_t what;  /* enum vmatlas_extent_what */
	uint32_t arena; /* its number in this process, from 1; 0 for a block */
};

/* M_ARENA_MAX is eight for each core; further ones have no number. */
enum { VMATLAS_ARENAS_MOST = 1024 };

enum vmatlas_extent_what {
	VMATLAS_EXTENT_BLOCK = 1, /* one large block */
	VMATLAS_EXTENT_ARENA,     /* a heap for threads */
};

/* Anonymous memory, and between which two reports it came. */
struct vmatlas_sighting {
	uint64_t start, end;
	uint32_t after; /* number of the last report without it; 0: there was none before */
	uint32_t seen;  /* number of the first with it */
};

/* Where the parts of an ELF file are loaded, by its own program headers, in whole pages. */
struct vmatlas_image {
	uint64_t start;                  /* where the file's first page is */
	uint64_t data_start, data_end;   /* what may be written, with what starts as zero */
	uint64_t relro_start, relro_end; /* of it, read-only after relocation */
};

/* A file that was loaded as code. */
struct vmatlas_module {
	uint64_t start, end; /* the whole image, as loaded */
	uint64_t bias;       /* address minus the address in the file's headers */
	uint64_t loaded;     /* when it was first seen, ticks */
	uint32_t path;       /* offset into the strings, 0 unknown */
	uint32_t build_id_length;
	uint8_t build_id[32];
};

/* A moment that the program has named, and what was live and resident then. */
struct vmatlas_phase {
	uint64_t time; /* ticks; 0: it is being written */
	uint64_t live_bytes, live_blocks;
	uint64_t allocations, allocated_bytes; /* since the start */
	uint64_t rss;                          /* bytes; 0 unknown */
	uint32_t thread;                       /* that named it, 0 unknown */
	uint32_t name_length;
	char name[64]; /* no NUL behind it */
};

/* A block, in one word: which of the window's four eighths it starts at, how long, when and where,
 * who. The window (32 bytes of address space) is the word's place in its table. */
#define VMATLAS_WORD_ORIGIN(word) ((uint32_t)((word)&0xffffff))
#define VMATLAS_WORD_MOMENT(word) ((uint32_t)((word) >> 24 & 0xffffff))
#define VMATLAS_WORD_SIZE(word) ((uint32_t)((word) >> 48 & 0x3fff))
#define VMATLAS_WORD_EIGHTH(word) ((uint32_t)((word) >> 62))
#define VMATLAS_WORD_BIG(word) ((uint64_t)(word)&0xffffffffffff)
/* The size that says: the lower 48 bits are the number of a struct vmatlas_big. */
#define VMATLAS_SIZE_BIG 0x3fffu
#define VMATLAS_WORD_OF_BIG(address, number) \
	((uint64_t)(number) | (uint64_t)VMATLAS_SIZE_BIG << 48 | ((address) >> 3 & 3) << 62)

/* A small block of which nothing is known but where it is and how long, in sixteen bits: where call
 * stacks are sampled, of one that is no sample. Its address is a multiple of 16, in one of the two
 * halves of the window. */
#define VMATLAS_BRIEF_LIVE 0x8000u
#define VMATLAS_BRIEF_OF(address, size) \
	((uint16_t)(VMATLAS_BRIEF_LIVE | ((address)&16) << 10 | (size)))
#define VMATLAS_BRIEF_SIZE(brief) ((uint32_t)(brief)&0x3fff)
#define VMATLAS_BRIEF_EIGHTH(brief) ((uint32_t)(brief) >> 13 & 2)

#endif
