/* diff_item.h - one mapping on one side of `vmatlas diff`, whatever it was read from; of a
 * snapshot, one part of a mapping that is for one thing. */
#ifndef VMATLAS_DIFF_ITEM_H
#define VMATLAS_DIFF_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../preload/core/atlas.h"
#include "listing.h"

/* What is compared, in bytes but for DIFF_BLOCKS. A figure that the source does not have is 0. */
enum diff_figure {
	DIFF_SIZE,
	DIFF_RSS,
	DIFF_SWAP,
	DIFF_BLOCKS, /* live ones that begin there */
	DIFF_LIVE,
	DIFF_LIVE_RESIDENT,
	DIFF_RETAINED,
	DIFF_PINNED,
	DIFF_TRIMMABLE,
	DIFF_FIGURES,
};

/* "size", "rss", ...: the JSON names. */
const char *diff_figure_name(enum diff_figure figure);

struct diff_item {
	uint64_t start, end, offset, inode;
	uint32_t major, minor;
	uint8_t perms, kind; /* enum maps_perm, enum kind */
	bool located;        /* offset, device and inode are known */
	bool own;            /* vmatlas's memory */
	bool allocator;      /* the allocator's, for blocks */
	const char *path;    /* as the kernel wrote it; the source's, not terminated */
	size_t path_length;
	const char *label; /* whose it is, where that is a name: of a thread, say */
	size_t label_length;
	uint32_t frame; /* in the source's tables: who mapped it, or allocated; 0 unknown */
	uint32_t stack; /* the same in both sources' (diff_frames.h); 0 unknown */
	/* What one call mapped, and all of it is in that: */
	uint32_t region; /* its number in the source; 0: none */
	uint64_t made;   /* when, ticks */
	bool remapped;   /* by mremap: it may have been elsewhere before */
	uint64_t figure[DIFF_FIGURES];

	const struct atlas_part *part; /* what it is in a snapshot; NULL in a list */

	/* By diff_match. */
	uint32_t change; /* index */
	uint32_t next;   /* number, from 1, of the change's next item on this side; 0: the last */
};

/* In the order of addresses. */
struct diff_items {
	struct diff_item *item;
	uint32_t count;
};

/* Fill *items from a source that must outlive them; to be freed with free(items->item), in any
 * case. 0 or ENOMEM. Of an atlas: its parts, or its mappings as a list would have them. */
int diff_items_of_parts(struct diff_items *items, const struct atlas *atlas);
int diff_items_of_mappings(struct diff_items *items, const struct atlas *atlas);
int diff_items_of_listing(struct diff_items *items, const struct listing *listing);

/* The item that holds the address, or the first behind it; NULL behind the last. */
struct diff_item *diff_items_past(const struct diff_items *items, uint64_t address);

#endif
