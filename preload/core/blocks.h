/* blocks.h - the table of live blocks: where it is what.
 *
 * The table is direct-mapped: each 32 bytes of address space have one word. glibc's blocks are at
 * least 32 bytes apart (MINSIZE in malloc/malloc.c), so with it every block has a word of its own,
 * and only the block's owner ever writes that word: no lock, no atomic read-modify-write. Other
 * allocators may put up to four blocks in a window; those then share a chain of records.
 *
 *   address bit  46 ... 35   34 ... 22   21 ... 5   4 3
 *                root        branch      leaf       in the word
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
	BLOCKS_MARK_BITS = 9,
	/* Four blocks can start in a window; a chain that goes on is damaged. */
	BLOCKS_CHAIN_MOST = 4,
	BLOCKS_MARKS = 1 << (BLOCKS_LEAF_BITS - BLOCKS_MARK_BITS),
};

struct blocks_leaf {
	/* Zero: no block. Written by the owner of the address alone where blocks are 32 apart. */
	_Atomic uint64_t word[1 << BLOCKS_LEAF_BITS];
	/* Which runs of 512 words (a page of them) were ever written: a reader skips the others,
	 * and so does not make the kernel fill in pages of zeros. Only set. */
	_Atomic uint8_t marked[BLOCKS_MARKS];
};

struct blocks_branch {
	_Atomic uint64_t leaf[1 << BLOCKS_BRANCH_BITS]; /* sealed pointers to struct blocks_leaf */
};

/* How often chains changed: each count is for the windows that have it modulo this many. */
enum { BLOCKS_CHANGES = 256 };

struct blocks {
	/* Odd while a chain of such a window changes. One writer at a time. */
	_Atomic uint32_t changes[BLOCKS_CHANGES];
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
};

/* Walks all blocks from low addresses to high. Blocks that come or go meanwhile may be seen or not;
 * all others are, once. */
struct blocks_cursor {
	const struct blocks *blocks;
	struct blocks_tables tables;
	uint64_t window; /* the next one to look at */
	uint64_t rest; /* the window before has more blocks, from this address on; 0: it has none */
	uint64_t damaged; /* words that made no sense: somebody wrote over the table */
};

void blocks_begin(struct blocks_cursor *cursor, const struct blocks *blocks,
	const struct blocks_tables *tables);

/* True and the next block, or false at the end. Anywhere, signal handlers included. */
bool blocks_next(struct blocks_cursor *cursor, struct block *block);

/* The same in pieces, for who copies the table: the next word that is not 0, and its window. Not to
 * be mixed with blocks_next on one cursor. Anywhere. */
bool blocks_next_word(struct blocks_cursor *cursor, uint64_t *window, uint64_t *word);

/* What a small block's word says; false when it makes no sense. Anywhere. */
bool blocks_describe(
	const struct blocks_tables *tables, uint64_t window, uint64_t word, struct block *block);

/* The block that starts at the address, if one does. Anywhere. */
bool blocks_find(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t address,
	struct block *block);

static inline uint64_t blocks_window(uint64_t address)
{
	return address >> BLOCKS_WINDOW_BITS;
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

static inline _Atomic uint64_t *blocks_word(struct blocks_leaf *leaf, uint64_t window)
{
	return &leaf->word[window & ((1u << BLOCKS_LEAF_BITS) - 1)];
}

#endif
