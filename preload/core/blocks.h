/* blocks.h - the table of live blocks: where it is what.
 *
 * The table is direct-mapped: every block has a word of its own, and only the block's owner ever
 * writes that word: no lock, no atomic read-modify-write. glibc's blocks are at least 32 bytes
 * apart (MINSIZE in malloc/malloc.c), so with it a word for each window of 32 bytes will do. Of
 * other allocators up to four blocks start in a window: their leaves have four planes of words, one
 * for each eighth that an address can end in, and a plane that no block needs costs no memory.
 *
 * Where call stacks are sampled, nearly all blocks have nothing to be said but their size. With
 * glibc they have a brief instead of a word: a quarter of its length, and so of its pages.
 *
 *   address bit  46 ... 35   34 ... 22   21 ... 5   4 3
 *                root        branch      leaf       plane; in the word, too
 */
#ifndef VMATLAS_BLOCKS_H
#define VMATLAS_BLOCKS_H

#include "lane.h"
#include "seal.h"
#include "vmatlas_store.h"

#include <stdbool.h>

enum {
	BLOCKS_WINDOW_BITS = 5,
	BLOCKS_LEAF_BITS = 17, /* a leaf serves 4 MiB of addresses with 1 MiB of words */
	BLOCKS_BRANCH_BITS = 13,
	BLOCKS_ROOT_BITS = 12,
	BLOCKS_LEAF_SPAN_BITS = BLOCKS_LEAF_BITS + BLOCKS_WINDOW_BITS,
	BLOCKS_ADDRESS_BITS = BLOCKS_ROOT_BITS + BLOCKS_BRANCH_BITS + BLOCKS_LEAF_SPAN_BITS,
	/* A page of words, 16 KiB of addresses, is marked together. */
	BLOCKS_PAGE = 4096,
	BLOCKS_MARK_BITS = 9,
	BLOCKS_PLANES = 4,
	BLOCKS_MARKS = 1 << (BLOCKS_LEAF_BITS - BLOCKS_MARK_BITS),
};

struct blocks_leaf {
	/* Which runs of 512 words (a page of them) were ever written: a reader skips the others,
	 * and so does not make the kernel fill in pages of zeros. Only set. */
	_Atomic uint8_t marked[BLOCKS_PLANES][BLOCKS_MARKS];
	/* So that a run of words is a page where the leaf begins with one, as the shim's do. */
	char padding[BLOCKS_PAGE - BLOCKS_PLANES * BLOCKS_MARKS];
	/* Zero: no block. Written by the owner of the address alone. Only so many planes are there
	 * as struct blocks says; briefs are in the place of the second, with its marks. */
	union {
		_Atomic uint64_t word[BLOCKS_PLANES][1 << BLOCKS_LEAF_BITS];
		struct {
			_Atomic uint64_t first_plane[1 << BLOCKS_LEAF_BITS];
			_Atomic uint16_t brief[1 << BLOCKS_LEAF_BITS];
		};
	};
};

struct blocks_branch {
	_Atomic uint64_t leaf[1 << BLOCKS_BRANCH_BITS]; /* sealed pointers to struct blocks_leaf */
};

struct blocks {
	/* Planes of a leaf, less one: 0 where each block has its window to itself, else 3. Set
	 * before the first leaf is made. */
	uint32_t plane_mask;
	uint32_t brief_room;           /* whether leaves have room for briefs; as above */
	_Atomic uint32_t brief_moment; /* of all that have one: a number that says nothing */
	_Atomic(struct blocks_branch *) branch[1 << BLOCKS_ROOT_BITS];
};

/* One live block, put together from its word and the tables. */
struct block {
	uint64_t address, size, time;
	uint32_t origin, mapping, thread; /* mapping: number of a struct vmatlas_birth */
};

/* What a block's numbers refer to. */
struct blocks_tables {
	const struct lane *moments, *bigs;
	bool unchecked; /* the latter are a snapshot's */
};

/* Walks all blocks from low addresses to high. Blocks that come or go meanwhile may be seen or not;
 * all others are, once. */
struct blocks_cursor {
	const struct blocks *blocks;
	struct blocks_tables tables;
	uint64_t window;  /* the next one to look at, */
	uint32_t plane;   /* in this plane, or one more: its brief */
	uint64_t damaged; /* words that made no sense: somebody wrote over the table */
};

void blocks_begin(struct blocks_cursor *cursor, const struct blocks *blocks,
	const struct blocks_tables *tables);

/* The cursor goes on with the window that holds the address. */
static inline void blocks_seek(struct blocks_cursor *cursor, uint64_t address)
{
	cursor->window = address >> BLOCKS_WINDOW_BITS;
	cursor->plane = 0;
}

/* True and the next block, or false at the end. Anywhere, signal handlers included. */
bool blocks_next(struct blocks_cursor *cursor, struct block *block);

/* The same in pieces, for who copies the table: the next word that is not 0, and its window.
 * Anywhere. */
bool blocks_next_word(struct blocks_cursor *cursor, uint64_t *window, uint64_t *word);

/* What the window's word says. False when the word makes no sense (then *damaged is counted), or
 * its record serves another block by now. Anywhere. */
bool blocks_describe(const struct blocks_tables *tables, uint64_t window, uint64_t word,
	struct block *block, uint64_t *damaged);

/* The block that starts at the address, if one does. Anywhere. */
bool blocks_find(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t address,
	struct block *block);

static inline uint64_t blocks_window(uint64_t address)
{
	return address >> BLOCKS_WINDOW_BITS;
}

/* Whether such a block fits into memory, */
static inline bool blocks_fits(uint64_t address, uint64_t size)
{
	return size <= ((uint64_t)1 << BLOCKS_ADDRESS_BITS) - address;
}

/* and whether nobody wrote over its record. */
static inline bool blocks_is_sound(uint64_t address, uint64_t size, uint32_t check)
{
	return blocks_fits(address, size) && check == VMATLAS_BIG_CHECK(address, size);
}

static inline struct blocks_leaf *blocks_leaf(const struct blocks *blocks, uint64_t window)
{
	uint64_t leaf = window >> BLOCKS_LEAF_BITS;
	uint64_t root = leaf >> BLOCKS_BRANCH_BITS;
	struct blocks_branch *branch;

	if (root >> BLOCKS_ROOT_BITS)
		return NULL;
	branch = atomic_load_explicit(&blocks->branch[root], memory_order_acquire);
	if (!branch)
		return NULL;
	return unseal(atomic_load_explicit(
		&branch->leaf[leaf & ((1u << BLOCKS_BRANCH_BITS) - 1)], memory_order_acquire));
}

/* The last plane that leaves have; as below, a number that was written over leads nowhere else. */
static inline uint32_t blocks_last_plane(const struct blocks *blocks)
{
	return blocks->plane_mask & (BLOCKS_PLANES - 1);
}

/* In which plane the address has its word. */
static inline uint32_t blocks_plane(const struct blocks *blocks, uint64_t address)
{
	return (uint32_t)(address >> 3) & blocks_last_plane(blocks);
}

static inline _Atomic uint64_t *blocks_word(
	struct blocks_leaf *leaf, uint32_t plane, uint64_t window)
{
	return &leaf->word[plane][window & ((1u << BLOCKS_LEAF_BITS) - 1)];
}

/* The mark of the run in which that word is. */
static inline _Atomic uint8_t *blocks_mark(
	struct blocks_leaf *leaf, uint32_t plane, uint64_t window)
{
	return &leaf->marked[plane][(window & ((1u << BLOCKS_LEAF_BITS) - 1)) >> BLOCKS_MARK_BITS];
}

/* The number of the plane that is the briefs', 0 where there are none. */
static inline uint32_t blocks_brief_plane(const struct blocks *blocks)
{
	return blocks->brief_room && !blocks_last_plane(blocks);
}

/* The last plane that a reader looks at. */
static inline uint32_t blocks_last_read(const struct blocks *blocks)
{
	return blocks_last_plane(blocks) + blocks_brief_plane(blocks);
}

static inline _Atomic uint16_t *blocks_brief(struct blocks_leaf *leaf, uint64_t window)
{
	return &leaf->brief[window & ((1u << BLOCKS_LEAF_BITS) - 1)];
}

/* The word that says what the brief does, 0 for none. */
static inline uint64_t blocks_word_of_brief(const struct blocks *blocks, uint16_t brief)
{
	return brief ? (uint64_t)blocks->brief_moment << 24 |
			       (uint64_t)VMATLAS_BRIEF_SIZE(brief) << 48 |
			       (uint64_t)VMATLAS_BRIEF_EIGHTH(brief) << 62
		     : 0;
}

/* What is in the plane at the window, which is marked there. */
static inline uint64_t blocks_read(
	const struct blocks *blocks, struct blocks_leaf *leaf, uint32_t plane, uint64_t window)
{
	if (plane <= blocks_last_plane(blocks))
		return atomic_load_explicit(blocks_word(leaf, plane, window), memory_order_acquire);
	return blocks_word_of_brief(
		blocks, atomic_load_explicit(blocks_brief(leaf, window), memory_order_acquire));
}

/* Whether a word or brief was ever written in the run that holds the window's, in any plane. */
static inline bool blocks_is_marked(
	const struct blocks *blocks, struct blocks_leaf *leaf, uint64_t window)
{
	for (uint32_t plane = 0; plane <= blocks_last_read(blocks); plane++) {
		if (atomic_load_explicit(blocks_mark(leaf, plane, window), memory_order_acquire))
			return true;
	}
	return false;
}

/* How long a leaf is. */
static inline size_t blocks_leaf_size(const struct blocks *blocks)
{
	if (blocks_brief_plane(blocks))
		return offsetof(struct blocks_leaf, brief) +
		       sizeof(((struct blocks_leaf *)0)->brief);
	return offsetof(struct blocks_leaf, word) +
	       (blocks_last_plane(blocks) + 1) * sizeof(((struct blocks_leaf *)0)->word[0]);
}

#endif
