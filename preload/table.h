/* table.h - the writers of the table of live blocks.
 *
 * A block is put after the allocator gave it and taken before the allocator gets it back, so its
 * word is always written by the one thread that owns the address. Blocks in transit (between the
 * allocator and the table) are in neither a report nor a total. */
#ifndef VMATLAS_TABLE_H
#define VMATLAS_TABLE_H

#include "bigs.h"
#include "process.h"
#include "storefile.h"
#include "word.h"

#include "core/blocks.h"

struct table {
	/* Branches and leaves appear under locks()->leaves and stay. */
	struct blocks blocks;
	_Atomic uint64_t lost;
} STOREFILE_PAGES;
extern struct table table_live __attribute__((visibility("hidden")));

/* What is to be known about a block when it is born. */
struct table_birth {
	uint64_t address, size, time;
	uint32_t origin, moment, mapping, thread;
};

/* A block that was taken out and may have to go back. */
struct table_taken {
	uint64_t address, size;
	uint64_t word; /* as it stood; 0: there was no such block */
	uint32_t big;  /* its record, still ours, or 0 */
};

/* Records a block. False when it could not be kept (counted). `replaced` is the block that stood
 * here although nobody freed it where we could see, as by table_take; its record, if any, is
 * already given back. Under the guard. */
bool table_put(
	struct bigs_stock *stock, const struct table_birth *birth, struct table_taken *replaced);

/* Takes the block at the address out; taken->word is 0 when there is none. Anywhere: also in a
 * handler that interrupted any of these functions. */
void table_take(uint64_t address, struct table_taken *taken);

/* Puts it back unchanged: the allocator did not take it after all. What can no longer be kept is
 * counted. */
void table_put_back(const struct table_taken *taken);

/* It is gone for good: its record may serve again. `stock` may be NULL. Anywhere with NULL, else
 * under the guard. */
void table_forget(struct bigs_stock *stock, const struct table_taken *taken);

/* The block at the address, if there is one, has no origin any more. Start only. */
void table_forget_origin(uint64_t address);

/* The leaf that a thread looked at last: its 4 MiB of addresses are looked at next time, too. All
 * zeros: none. The check ties the two together: the program may have written over one, or a handler
 * come between. A forked child's first look is anew. */
struct table_near {
	struct blocks_leaf *leaf;
	uint64_t check;
};

static inline uint64_t table_near_check(const struct blocks_leaf *leaf, uint64_t address)
{
	/* Were it not above all bits of the number, a forked child would take the next leaf's
	 * addresses for this one's. */
	_Static_assert((uint64_t)PROCESS_OWN >> (BLOCKS_ADDRESS_BITS - BLOCKS_LEAF_SPAN_BITS),
		"the process's bit is above a leaf's number");

	return (uintptr_t)leaf + process_word() + (address >> BLOCKS_LEAF_SPAN_BITS);
}

/* The leaf that has the address, noted; NULL where there is none yet, and in a forked child that
 * has not settled. Anywhere. */
struct blocks_leaf *table_leaf_anew(struct table_near *near, uint64_t address);

static inline struct blocks_leaf *table_leaf(struct table_near *near, uint64_t address)
{
	struct blocks_leaf *leaf = near->leaf;

	return __builtin_expect(near->check == table_near_check(leaf, address), 1)
		       ? leaf
		       : table_leaf_anew(near, address);
}

/* table_put of what nearly every block is: a small one, in an empty word that readers look at
 * already. False, and nothing was done, for all others. Under the guard. */
static inline bool table_put_small(
	struct table_near *near, uint64_t address, uint64_t size, uint32_t origin, uint32_t moment)
{
	uint64_t window = blocks_window(address);
	uint32_t plane = blocks_plane(&table_live.blocks, address);
	struct blocks_leaf *leaf;
	_Atomic uint64_t *place;

	if (size >= VMATLAS_SIZE_BIG || !moment || address & 7)
		return false;
	leaf = table_leaf(near, address);
	if (!leaf || !atomic_load_explicit(blocks_mark(leaf, plane, window), memory_order_relaxed))
		return false;
	place = blocks_word(leaf, plane, window);
	if (atomic_load_explicit(place, memory_order_relaxed))
		return false;
	atomic_store_explicit(
		place, word_small(address, size, origin, moment), memory_order_release);
	return true;
}

/* table_take of such a block: its word, or 0, and nothing was done, for all others. Anywhere. */
static inline uint64_t table_take_small(struct table_near *near, uint64_t address)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = table_leaf(near, address);
	_Atomic uint64_t *place =
		leaf ? blocks_word(leaf, blocks_plane(&table_live.blocks, address), window) : NULL;
	uint64_t word = place ? atomic_load_explicit(place, memory_order_relaxed) : 0;

	if (!word_is_small_at(word, address))
		return 0;
	atomic_store_explicit(place, 0, memory_order_release);
	return word;
}

/* Takes a brief out that is in the window of the address, of whatever block; false for none. Under
 * the guard, by the owner of the address. */
bool table_take_stale_brief(uint64_t address, struct table_taken *taken);

/* The plane that is the briefs'. */
enum { TABLE_BRIEFS = 1 };

/* Puts a brief of a small block, where no word and no other brief is. False, and nothing was done,
 * for all others. Only where briefs have begun, as table_take_brief. Anywhere. */
static inline bool table_put_brief(struct table_near *near, uint64_t address, uint64_t size)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = table_leaf(near, address);
	_Atomic uint16_t *place;

	if (!leaf || size >= VMATLAS_SIZE_BIG || address & 15)
		return false;
	place = blocks_brief(leaf, window);
	if (!atomic_load_explicit(blocks_mark(leaf, TABLE_BRIEFS, window), memory_order_relaxed) ||
		atomic_load_explicit(place, memory_order_relaxed) ||
		(atomic_load_explicit(blocks_mark(leaf, 0, window), memory_order_relaxed) &&
			atomic_load_explicit(blocks_word(leaf, 0, window), memory_order_relaxed)))
		return false;
	atomic_store_explicit(place, word_brief(address, size), memory_order_release);
	return true;
}

/* Takes the brief of the block at the address: it, or 0, and nothing was done, where there is none.
 * Anywhere. */
static inline uint16_t table_take_brief(struct table_near *near, uint64_t address)
{
	struct blocks_leaf *leaf = table_leaf(near, address);
	_Atomic uint16_t *place;
	uint16_t brief;

	if (!leaf)
		return 0;
	place = blocks_brief(leaf, blocks_window(address));
	brief = atomic_load_explicit(place, memory_order_relaxed);
	if (!word_is_brief_at(brief, address))
		return 0;
	atomic_store_explicit(place, 0, memory_order_release);
	return brief;
}

/* table_put_brief for the first brief in its neighbourhood. Under the guard. */
bool table_put_brief_anew(struct table_near *near, uint64_t address, uint64_t size);

/* Whether a word is not enough for the block: large, or its moment unknown. */
static inline bool table_needs_record(const struct table_birth *birth)
{
	/* No allocator of ours gives an address that is no multiple of 8; it would not fit a word.
	 */
	return birth->size >= VMATLAS_SIZE_BIG || !birth->moment || birth->address & 7;
}

/* Such a record, 0 when there is no memory. Under the guard. */
static inline uint32_t table_record(struct bigs_stock *stock, const struct table_birth *birth)
{
	return bigs_make(stock, &(struct vmatlas_big){birth->address, birth->size, birth->time,
					birth->origin, birth->thread, birth->mapping, 0});
}

/* What the readers read. Anywhere. */
const struct blocks *table_blocks(void);
const struct lane *table_bigs(void);

/* Blocks that could not be kept. Anywhere. */
uint64_t table_lost(void);

/* Start only: whether blocks of the allocator in use are at least 32 bytes apart, and whether
 * small ones may be going to have briefs, for which leaves need room then. */
void table_boot(bool apart, bool briefs);

/* Briefs begin: the moment of all that they are of. False where leaves have no room for them. Start
 * only. */
bool table_begin_briefs(uint32_t moment);

#endif
