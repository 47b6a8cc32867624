#include "blocks.h"

enum { LEAF_MASK = (1 << BLOCKS_LEAF_BITS) - 1 };

void blocks_begin(struct blocks_cursor *cursor, const struct blocks *blocks,
	const struct blocks_tables *tables)
{
	*cursor = (struct blocks_cursor){.blocks = blocks, .tables = *tables};
}

static bool from_big(
	const struct blocks_tables *tables, uint32_t id, struct block *block, uint32_t *next)
{
	const struct vmatlas_big *big = lane_find(tables->bigs, id);

	if (!big)
		return false;
	*block = (struct block){big->address, big->size, big->time, big->origin, big->mapping,
		big->thread};
	*next = big->next;
	return big->address != 0;
}

bool blocks_describe(const struct blocks_tables *tables, uint64_t window, uint64_t word,
	struct block *block)
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

static bool read_chain(struct blocks_cursor *cursor, struct block *block)
{
	uint64_t window = cursor->window - 1;

	if (cursor->chain && cursor->links-- &&
		from_big(&cursor->tables, cursor->chain, block, &cursor->chain) &&
		blocks_window(block->address) == window)
		return true;
	/* The end, or the record serves another block by now. */
	cursor->chain = 0;
	return false;
}

static bool read_word(struct blocks_cursor *cursor, uint64_t word, struct block *block)
{
	uint64_t window = cursor->window - 1;

	if (VMATLAS_WORD_SIZE(word) == VMATLAS_SIZE_BIG) {
		cursor->chain = (uint32_t)VMATLAS_WORD_BIG(word);
		cursor->links = BLOCKS_CHAIN_MOST;
		if (cursor->chain > lane_count(cursor->tables.bigs)) {
			cursor->damaged++;
			cursor->chain = 0;
		}
		return read_chain(cursor, block);
	}
	if (blocks_describe(&cursor->tables, window, word, block))
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

	if (read_chain(cursor, block))
		return true;
	while (blocks_next_word(cursor, &window, &word)) {
		if (read_word(cursor, word, block))
			return true;
	}
	return false;
}

static bool find_in_chain(
	const struct blocks_tables *tables, uint32_t id, uint64_t address, struct block *block)
{
	for (int links = 0; links < BLOCKS_CHAIN_MOST; links++) {
		if (!from_big(tables, id, block, &id))
			return false;
		if (block->address == address)
			return true;
	}
	return false;
}

bool blocks_find(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t address,
	struct block *block)
{
	uint64_t window = blocks_window(address), word;
	struct blocks_leaf *leaf = blocks_leaf(blocks, window);

	if (!leaf)
		return false;
	word = atomic_load_explicit(blocks_word(leaf, window), memory_order_acquire);
	if (VMATLAS_WORD_SIZE(word) == VMATLAS_SIZE_BIG)
		return find_in_chain(tables, (uint32_t)VMATLAS_WORD_BIG(word), address, block);
	return word && blocks_describe(tables, window, word, block) && block->address == address;
}
