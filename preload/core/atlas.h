/* atlas.h - a view, worked out: every mapping with what lies in it, every call stack with what it
 * holds, and the ledger.
 *
 * One pass over smaps and one over the blocks beside the state of their pages, both in the order
 * of addresses. Works in memory that the caller gives, and takes no lock. */
#ifndef VMATLAS_ATLAS_H
#define VMATLAS_ATLAS_H

#include "kind.h"
#include "smaps.h"
#include "view.h"

/* What owns a mapping, where one thing does. */
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
	uint8_t kind;                             /* enum kind */
	uint8_t owner;                            /* enum atlas_owner */
	uint32_t path, path_length;               /* in atlas->paths, as the kernel wrote it */
	uint32_t thread, frame;                   /* of the owner */
	uint32_t module_path, module_path_length; /* of bss: whose; in atlas->paths */

	/* Bytes, from smaps. */
	uint64_t rss, pss, shared_clean, shared_dirty, private_clean, private_dirty, swap,
		anonymous, anon_huge;

	/* Blocks that begin in it, and bytes of blocks that lie in it: where a mapping was split
	 * under a block, each part has its own. */
	uint64_t live_blocks, live_bytes;
	/* Bytes of blocks on resident pages; resident bytes of an allocator's memory without a live
	 * block; those on pages with no live byte at all; those on pages with one. Valid where
	 * atlas->pages_known. */
	uint64_t live_resident, retained, trimmable, pinned;
	uint64_t largest, smallest; /* blocks, bytes */
	uint64_t spanned;           /* of it, by a block that begins in a mapping before */
	uint64_t regions_bytes;     /* of it, mapped by calls that were seen */
	uint64_t region_largest;    /* the largest of these, whose caller is the owner */
};

struct atlas_stack {
	uint32_t frame; /* number of the innermost frame; 0: call stack unknown */
	uint32_t rank;  /* 1 for the most live bytes */
	uint64_t live_blocks, live_bytes, live_resident, pinned;
	uint64_t allocations, allocated_bytes; /* ever */
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
	struct atlas_stack *stack; /* by live bytes, most first */
	uint32_t stacks;
	uint32_t *stack_of;          /* by frame number: its place in stack, from 1; 0 for none */
	uint32_t frames, stack_room; /* largest frame number in stack_of, room in stack */
	char *paths;
	uint32_t paths_used;

	uint64_t rss, pss, swap, size;
	uint64_t live_blocks, live_bytes;
	uint64_t row[ATLAS_ROWS];   /* sums to rss */
	uint64_t pinned, trimmable; /* parts of ATLAS_RETAINED */
	bool pages_known;

	uint64_t moved;    /* blocks whose mapping is another than at birth */
	uint64_t unplaced; /* blocks outside every mapping */
	uint64_t damaged;  /* words of the table that made no sense, lines of smaps likewise */
	uint64_t overflow; /* mappings or paths for which the memory did not suffice */
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

/* The first mapping that ends behind the address, whether it holds it or not, or NULL. */
struct atlas_mapping *atlas_past(const struct atlas *atlas, uint64_t address);

/* The next stretch of [*from, end) that is mapped, and moves *from behind it; false when there is
 * none. A region whose memory was unmapped behind our back is only what is left of it. Where maps
 * could not be read, all of it. */
bool atlas_mapped(const struct atlas *atlas, uint64_t *from, uint64_t end, struct view_range *part);

/* The mapping's name as the kernel wrote it; not NUL-terminated. */
const char *atlas_path(const struct atlas *atlas, const struct atlas_mapping *mapping);

/* "live", "retained", ...: the JSON names of the rows. */
const char *atlas_row_name(enum atlas_row row);

/* For reports: which mappings the blocks of the first `ranks` call stacks live in. For each of
 * these ranks up to `most` pairs of a mapping's index and bytes, most bytes first, index UINT32_MAX
 * at the end. Works in `memory` (zeros, ranks * mappings * 8 bytes). */
struct atlas_share {
	uint32_t mapping;
	uint64_t bytes;
};
void atlas_shares(const struct atlas *atlas, uint32_t ranks, unsigned most,
	struct atlas_share *shares, uint64_t *memory);

#endif
