#include "blocks.h"

enum {
	LEAF_MASK = (1 << BLOCKS_LEAF_BITS) - 1,
	/* A chain that changed under its reader is read again: so often at most, for whoever
	 * interrupted the writer. */
	CHAIN_TRIES = 8,
};

void blocks_begin(struct blocks_cursor *cursor, const struct blocks *blocks,
	const struct blocks_tables *tables)
{
	*cursor = (struct blocks_cursor){.blocks = blocks, .tables = *tables};
}

bool blocks_describe(
	const struct blocks_tables *tables, uint64_t window, uint64_t word, struct block *block)
{
	const struct vmatlas_moment *moment = lane_find(tables->moments, VMATLAS_WORD_MOMENT(word));

	if (!moment)
		return false;
	*block = (struct block){
		(window << BLOCKS_WINDOW_BITS) + VMATLAS_WORD_EIGHTH(word) * 8,
		VMATLAS_WORD_SIZE(word),
		moment->time,
		VMATLAS_WORD_ORIGIN(word),
		moment->mapping,
		moment->thread,
	};
	return true;
}

/* -- Chains --------------------------------------------------------------------------------- */

/* Copies the block of record `id`, and the number of the next one. False when there is no such
 * record, or it is free, or was given to another block meanwhile. */
static bool from_big(
	const struct blocks_tables *tables, uint32_t id, struct block *block, uint32_t *next)
{
	const struct vmatlas_big *big = lane_find(tables->bigs, id);
	uint64_t address;

	if (!big)
		return false;
	address = __atomic_load_n(&big->address, __ATOMIC_ACQUIRE);
	*block = (struct block){
		.address = address,
		.size = __atomic_load_n(&big->size, __ATOMIC_RELAXED),
		.time = __atomic_load_n(&big->time, __ATOMIC_RELAXED),
		.origin = __atomic_load_n(&big->origin, __ATOMIC_RELAXED),
		.mapping = __atomic_load_n(&big->mapping, __ATOMIC_RELAXED),
		.thread = __atomic_load_n(&big->thread, __ATOMIC_RELAXED),
	};
	*next = __atomic_load_n(&big->next, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return address && __atomic_load_n(&big->address, __ATOMIC_RELAXED) == address;
}

/* What one walk along a chain found: the block with the lowest address at or behind `from`, and how
 * many there are. */
struct found {
	struct block lowest;
	uint64_t from;
	unsigned count;
};

static void consider(struct found *found, const struct block *block)
{
	if (block->address < found->from)
		return;
	if (found->count == 0 || block->address < found->lowest.address)
		found->lowest = *block;
	found->count++;
}

/* False when the chain led elsewhere, or in a circle: it changed meanwhile. */
static bool walk(
	const struct blocks_tables *tables, uint64_t window, uint32_t id, struct found *found)
{
	struct block block;

	found->count = 0;
	for (int links = 0; id && links < BLOCKS_CHAIN_MOST; links++) {
		if (!from_big(tables, id, &block, &id) || blocks_window(block.address) != window)
			return false;
		consider(found, &block);
	}
	return id == 0;
}

static uint64_t word_at(const struct blocks *blocks, uint64_t window)
{
	struct blocks_leaf *leaf = blocks_leaf(blocks, window);

	return leaf ? atomic_load_explicit(blocks_word(leaf, window), memory_order_acquire) : 0;
}

static bool is_chain(uint64_t word)
{
	return VMATLAS_WORD_SIZE(word) == VMATLAS_SIZE_BIG;
}

static uint32_t changes_at(const struct blocks *blocks, uint64_t window)
{
	return atomic_load_explicit(
		&blocks->changes[window % BLOCKS_CHANGES], memory_order_acquire);
}

/* Searches the window's chain, if it has one (any more), from found->from on. What a walk saw while
 * nothing changed is all there is: a record may otherwise have come to serve another block of the
 * same window, and led past one that was there all the time. */
static bool search(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t window,
	struct found *found)
{
	found->count = 0;
	for (int i = 0; i < CHAIN_TRIES; i++) {
		uint32_t before = changes_at(blocks, window);
		uint64_t word = word_at(blocks, window);

		if (!is_chain(word))
			break;
		if (!walk(tables, window, (uint32_t)VMATLAS_WORD_BIG(word), found))
			continue;
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) && changes_at(blocks, window) == before)
			break;
	}
	return found->count != 0;
}

/* -- The cursor ----------------------------------------------------------------------------- */

static bool read_chain(struct blocks_cursor *cursor, uint64_t from, struct block *block)
{
	struct found found = {.from = from};

	cursor->rest = 0;
	if (!search(cursor->blocks, &cursor->tables, cursor->window - 1, &found))
		return false;
	*block = found.lowest;
	if (found.count > 1)
		cursor->rest = block->address + 1;
	return true;
}

static bool read_word(struct blocks_cursor *cursor, uint64_t word, struct block *block)
{
	if (is_chain(word) && lane_find(cursor->tables.bigs, (uint32_t)VMATLAS_WORD_BIG(word)))
		return read_chain(cursor, 0, block);
	if (!is_chain(word) && blocks_describe(&cursor->tables, cursor->window - 1, word, block))
		return true;
	cursor->damaged++;
	return false;
}

/* The first window at or behind the cursor's that has a leaf whose page of words was written. */
static struct blocks_leaf *find_leaf(struct blocks_cursor *cursor)
{
	const uint64_t branch_span = (uint64_t)1 << (BLOCKS_BRANCH_BITS + BLOCKS_LEAF_BITS);
	const uint64_t leaf_span = (uint64_t)1 << BLOCKS_LEAF_BITS;
	const uint64_t mark_span = (uint64_t)1 << BLOCKS_MARK_BITS;

	while (cursor->window >> (BLOCKS_ADDRESS_BITS - BLOCKS_WINDOW_BITS) == 0) {
		uint64_t root = cursor->window / branch_span;
		struct blocks_leaf *leaf;

		if (!cursor->blocks->branch[root]) {
			cursor->window = (root + 1) * branch_span;
			continue;
		}
		leaf = blocks_leaf(cursor->blocks, cursor->window);
		if (!leaf) {
			cursor->window = (cursor->window / leaf_span + 1) * leaf_span;
			continue;
		}
		if (leaf->marked[(cursor->window & LEAF_MASK) / mark_span])
			return leaf;
		cursor->window = (cursor->window / mark_span + 1) * mark_span;
	}
	return NULL;
}

bool blocks_next_word(struct blocks_cursor *cursor, uint64_t *window, uint64_t *word)
{
	struct blocks_leaf *leaf;

	while ((leaf = find_leaf(cursor))) {
		uint64_t end = (cursor->window | ((1u << BLOCKS_MARK_BITS) - 1)) + 1;

		while (cursor->window < end) {
			*window = cursor->window++;
			*word = atomic_load_explicit(
				blocks_word(leaf, *window), memory_order_acquire);
			if (*word)
				return true;
		}
	}
	return false;
}

bool blocks_next(struct blocks_cursor *cursor, struct block *block)
{
	uint64_t window, word;

	if (cursor->rest && read_chain(cursor, cursor->rest, block))
		return true;
	while (blocks_next_word(cursor, &window, &word)) {
		if (read_word(cursor, word, block))
			return true;
	}
	return false;
}

bool blocks_find(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t address,
	struct block *block)
{
	struct found found = {.from = address};
	uint64_t window = blocks_window(address), word = word_at(blocks, window);

	if (!is_chain(word))
		return word && blocks_describe(tables, window, word, block) &&
		       block->address == address;
	if (!search(blocks, tables, window, &found))
		return false;
	*block = found.lowest;
	return block->address == address;
}
