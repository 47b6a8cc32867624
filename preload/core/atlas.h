/* atlas.h - a view, worked out: every mapping with what lies in it, every call stack with what it
 * holds, and the ledger.
 *
 * A mapping is the kernel's affair: it merges what stands side by side and is alike. So each is cut
 * into parts, by what the shim knows of who asked for which addresses (the regions), and every
 * byte is counted at its part. One pass over smaps and one over the blocks beside the state of
 * their pages, both in the order of addresses. Works in memory that the caller gives, and takes no
 * lock. */
#ifndef VMATLAS_ATLAS_H
#define VMATLAS_ATLAS_H

#include "kind.h"
#include "poisson.h"
#include "smaps.h"
#include "view.h"

/* What owns a mapping or a part of one, where one thing does. */
enum atlas_owner {
	ATLAS_OWNER_NONE,
	ATLAS_OWNER_PATH,      /* the file, or the name in brackets */
	ATLAS_OWNER_ALLOCATOR, /* malloc, for the blocks within */
	ATLAS_OWNER_THREAD,    /* `thread` */
	ATLAS_OWNER_CALL,      /* who mapped it: `frame` */
	ATLAS_OWNER_VMATLAS,
	ATLAS_OWNER_LOADER, /* mapped before the shim was there */
};

struct atlas_mapping {
	uint64_t start, end, offset, inode;
	uint32_t major, minor;
	uint8_t perms;                            /* enum maps_perm */
	bool grows_down;                          /* MAP_GROWSDOWN: the kernel maps pages below */
	uint8_t kind;                             /* enum kind: its largest part's, */
	uint8_t owner;                            /* and its enum atlas_owner, */
	uint32_t thread, frame;                   /* thread, and frame */
	uint32_t path, path_length;               /* in atlas->paths, as the kernel wrote it */
	uint32_t module_path, module_path_length; /* of bss: whose; in atlas->paths */
	uint32_t part, parts;                     /* its parts in atlas->part, one at least */

	/* Bytes, from smaps. */
	uint64_t rss, pss, shared_clean, shared_dirty, private_clean, private_dirty, swap,
		anonymous, anon_huge;

	/* The sums of its parts. */
	uint64_t live_blocks, live_bytes, live_resident, retained, trimmable, pinned;
	uint64_t largest, smallest;
};

/* A stretch of a mapping that is for one thing. */
struct atlas_part {
	uint64_t start, end;
	uint32_t mapping; /* its index */
	uint32_t region;  /* index + 1 of whose it is, 0 for none */
	uint8_t kind;     /* enum kind */
	uint8_t owner;    /* enum atlas_owner */
	uint32_t thread, frame;

	/* Resident bytes. Of a mapping with one part only, the kernel's own figure; else counted
	 * page by page a moment later, and the largest part's so that the sum is the kernel's.
	 * Where pages are not known, all of it is the largest part's. */
	uint64_t rss;
	/* Blocks that begin in it, and bytes of blocks that lie in it: where a mapping was split
	 * under a block, each part has its own. */
	uint64_t live_blocks, live_bytes;
	/* Bytes of blocks on resident pages; resident bytes of an allocator's memory without a live
	 * block; of these, what malloc_trim(0) would give back (of another allocator than glibc's:
	 * what is on pages with no live byte at all); those on pages with a live byte. Valid where
	 * atlas->pages_known. */
	uint64_t live_resident, retained, trimmable, pinned;
	uint64_t largest, smallest; /* blocks, bytes */
	uint64_t spanned;           /* of it, by a block that begins before it */
};

/* What one call created, or one thread's stack: whole, wherever the kernel has drawn its lines. */
struct atlas_region {
	uint64_t start, end;
	uint64_t time;          /* ticks, 0 unknown */
	uint64_t committed;     /* arena: bytes from the start on that may be used */
	uint64_t block;         /* malloc-mmap: the block; arena: its top chunk if in this heap */
	uint8_t kind;           /* enum kind, as far as the call tells */
	uint8_t call;           /* enum vmatlas_call, 0 for none that was seen */
	uint32_t thread, frame; /* who asked */
	uint32_t arena;         /* its number, 0 for none */
};

/* What a call stack holds. */
enum atlas_held {
	ATLAS_LIVE_BLOCKS,
	ATLAS_LIVE_BYTES,
	ATLAS_LIVE_RESIDENT,
	ATLAS_PINNED,
	ATLAS_ALLOCATIONS,
	ATLAS_ALLOCATED_BYTES,
	ATLAS_SLACK,
	ATLAS_HELDS,
	ATLAS_SAMPLES = ATLAS_HELDS, /* of `sum` alone: live samples */
	ATLAS_SUMS,
};

/* Where call stacks are sampled (view->sample_mean), these figures are estimates by what the
 * samples stand for, each with its standard error; else exact, the errors 0. */
struct atlas_stack {
	uint32_t frame; /* number of the innermost frame; 0: call stack unknown */
	uint32_t rank;  /* 1 for the most live bytes */
	uint64_t live_blocks, live_bytes, live_resident, pinned;
	uint64_t allocations, allocated_bytes; /* ever */
	uint64_t slack; /* bytes that its blocks got beyond what was asked for: see atlas->slack */
	uint64_t error[ATLAS_HELDS];
	uint64_t samples, samples_ever; /* blocks whose call stack was kept: live, and all */
};

enum atlas_row {
	ATLAS_LIVE,     /* live blocks */
	ATLAS_RETAINED, /* the allocator's, without a live block */
	ATLAS_MMAPPED,  /* mapped by the program */
	ATLAS_LOADER,   /* anonymous memory of the loader's, from before the shim */
	ATLAS_THREAD_STACKS,
	ATLAS_MAIN_STACK,
	ATLAS_ELF_TEXT,
	ATLAS_ELF_RODATA,
	ATLAS_ELF_RELRO,
	ATLAS_ELF_DATA,
	ATLAS_ELF_BSS,
	ATLAS_FILES,
	ATLAS_SHARED,
	ATLAS_KERNEL,
	ATLAS_VMATLAS,
	ATLAS_UNEXPLAINED,
	ATLAS_ROWS,
};

struct atlas {
	const struct view *view;
	struct atlas_mapping *mapping; /* in order, disjoint */
	uint32_t mappings;
	struct atlas_part *part; /* in order, and together what the mappings are */
	uint32_t parts;
	struct atlas_region *region; /* in no order; those of different sorts may overlap */
	uint32_t regions;
	struct atlas_stack *stack; /* by live bytes, most first */
	uint32_t stacks;
	/* While it is made: of each call stack the sums, by enum atlas_held, in a line of the
	 * cache; and what they may be off by, squared, where call stacks are sampled. */
	double (*sum)[ATLAS_SUMS], (*variance)[ATLAS_SUMS];
	uint32_t *stack_of;          /* by frame number: its place in stack, from 1; 0 for none */
	uint32_t frames, stack_room; /* largest frame number in stack_of, room in stack */
	uint32_t part_room, region_room, paths_room;
	struct atlas_lists *lists; /* while it is made */
	char *paths;
	uint32_t paths_used;

	uint64_t rss, pss, swap, size;
	uint64_t live_blocks, live_bytes;
	uint64_t samples, samples_ever; /* of all call stacks */
	uint64_t row[ATLAS_ROWS];       /* sums to rss */
	uint64_t pinned, trimmable;     /* parts of ATLAS_RETAINED; what is neither, malloc keeps */
	bool pages_known;

	/* Bytes that live blocks may use beyond what was asked for, by glibc's rules: at least. A
	 * block may have got 16 bytes more, where what was left of a free chunk was too little for
	 * another. 0 where slack_known is false: with another allocator. */
	uint64_t slack;
	bool slack_known;

	/* Blocks whose mapping is another than at birth; where call stacks are sampled, of samples.
	 */
	uint64_t moved;
	uint64_t unplaced; /* blocks outside every mapping */
	uint64_t damaged;  /* words of the table that made no sense, lines of smaps likewise */
	uint64_t
		overflow; /* mappings, paths, regions, parts for which the memory did not suffice */
};

/* Memory for the results: zeros, at least atlas_memory(view, mappings) bytes, the caller's; the
 * atlas points into it. */
size_t atlas_memory(const struct view *view, uint32_t mappings);

/* Works it out. 0, or an errno when smaps could not be read to its end: the atlas then has the
 * mappings up to there, and all call stacks. Anywhere, signal handlers included, with 8 KiB of
 * stack. */
int atlas_make(
	struct atlas *atlas, const struct view *view, void *memory, size_t size, uint32_t mappings);

/* The mapping that holds the address, or NULL. */
struct atlas_mapping *atlas_find(const struct atlas *atlas, uint64_t address);

/* The part that holds the address, or NULL; the first that ends behind it, or NULL. */
const struct atlas_part *atlas_part_find(const struct atlas *atlas, uint64_t address);
const struct atlas_part *atlas_part_past(const struct atlas *atlas, uint64_t address);

/* The largest part of a mapping that has any; the first of several as large. */
struct atlas_part *atlas_part_largest(
	const struct atlas *atlas, const struct atlas_mapping *mapping);

/* The next stretch of [*from, end) that is mapped, and moves *from behind it; false when there is
 * none. A region whose memory was unmapped behind our back is only what is left of it. Where maps
 * could not be read, all of it. */
bool atlas_mapped(const struct atlas *atlas, uint64_t *from, uint64_t end, struct view_range *part);

/* The mapping's name as the kernel wrote it; not NUL-terminated. */
const char *atlas_path(const struct atlas *atlas, const struct atlas_mapping *mapping);

/* The row that the part's resident bytes are in; of an allocator's part, those without a live
 * block. */
enum atlas_row atlas_row_of(const struct atlas *atlas, const struct atlas_part *part);

/* "live", "retained", ...: the JSON names of the rows. */
const char *atlas_row_name(enum atlas_row row);

/* For reports: which mappings the blocks of the first `ranks` call stacks live in. For each of
 * these ranks up to `most` pairs of a mapping's index and bytes, most bytes first, index UINT32_MAX
 * at the end; where call stacks are sampled, estimates, as the call stack's live bytes are. Works
 * in `memory` (zeros, ranks * mappings * 8 bytes). */
struct atlas_share {
	uint32_t mapping;
	uint64_t bytes;
};
void atlas_shares(const struct atlas *atlas, uint32_t ranks, unsigned most,
	struct atlas_share *shares, double *memory);

#endif
