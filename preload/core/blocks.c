#include "blocks.h"

void blocks_begin(struct blocks_cursor *cursor, const struct blocks *blocks,
	const struct blocks_tables *tables)
{
	*cursor = (struct blocks_cursor){.blocks = blocks, .tables = *tables};
}

/* -- What a word says ----------------------------------------------------------------------- */

static bool from_word(
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

enum big_state { BIG_ELSEWHERE, BIG_TORN, BIG_LIVE };

/* Elsewhere when the record is free, or was given to another block meanwhile. */
static enum big_state read_big(
	const struct vmatlas_big *big, bool unchecked, uint64_t window, struct block *block)
{
	uint64_t address = __atomic_load_n(&big->address, __ATOMIC_ACQUIRE);
	uint32_t check = __atomic_load_n(&big->next, __ATOMIC_RELAXED);

	*block = (struct block){
		.address = address,
		.size = __atomic_load_n(&big->size, __ATOMIC_RELAXED),
		.time = __atomic_load_n(&big->time, __ATOMIC_RELAXED),
		.origin = __atomic_load_n(&big->origin, __ATOMIC_RELAXED),
		.mapping = __atomic_load_n(&big->mapping, __ATOMIC_RELAXED),
		.thread = __atomic_load_n(&big->thread, __ATOMIC_RELAXED),
	};
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!address || blocks_window(address) != window ||
		__atomic_load_n(&big->address, __ATOMIC_RELAXED) != address)
		return BIG_ELSEWHERE;
	if (unchecked)
		return blocks_fits(address, block->size) ? BIG_LIVE : BIG_TORN;
	return blocks_is_sound(address, block->size, check) ? BIG_LIVE : BIG_TORN;
}

/* A block that is freed while its record is read, and another that takes its place and its record,
 * look like one that was written over: but not twice. */
static bool from_big(const struct vmatlas_big *big, bool unchecked, uint64_t window,
	struct block *block, uint64_t *damaged)
{
	enum big_state state = read_big(big, unchecked, window, block);

	for (int retry = 0; state == BIG_TORN && retry < 3; retry++)
		state = read_big(big, unchecked, window, block);
	*damaged += state == BIG_TORN;
	return state == BIG_LIVE;
}

bool blocks_describe(const struct blocks_tables *tables, uint64_t window, uint64_t word,
	struct block *block, uint64_t *damaged)
{
	const struct vmatlas_big *big;

	if (VMATLAS_WORD_SIZE(word) != VMATLAS_SIZE_BIG) {
		if (from_word(tables, window, word, block))
			return true;
		++*damaged;
		return false;
	}
	big = lane_find(tables->bigs, (uint32_t)VMATLAS_WORD_BIG(word));
	if (big)
		return from_big(big, tables->unchecked, window, block, damaged);
	++*damaged;
	return false;
}

/* -- The cursor ----------------------------------------------------------------------------- */

/* The cursor goes on at the next multiple of so many windows. */
static void skip(struct blocks_cursor *cursor, unsigned bits)
{
	cursor->window = ((cursor->window >> bits) + 1) << bits;
	cursor->plane = 0;
}

/* The first window at or behind the cursor's that has a leaf whose page of words was written. */
static struct blocks_leaf *find_leaf(struct blocks_cursor *cursor)
{
	const unsigned branch_bits = BLOCKS_BRANCH_BITS + BLOCKS_LEAF_BITS;

	while (cursor->window >> (BLOCKS_ADDRESS_BITS - BLOCKS_WINDOW_BITS) == 0) {
		struct blocks_leaf *leaf;

		if (!cursor->blocks->branch[cursor->window >> branch_bits]) {
			skip(cursor, branch_bits);
			continue;
		}
		leaf = blocks_leaf(cursor->blocks, cursor->window);
		if (!leaf) {
			skip(cursor, BLOCKS_LEAF_BITS);
			continue;
		}
		if (blocks_is_marked(cursor->blocks, leaf, cursor->window))
			return leaf;
		skip(cursor, BLOCKS_MARK_BITS);
	}
	return NULL;
}

/* The planes in which this run is marked, a bit for each: what was never written is not read. */
static uint32_t planes_marked(const struct blocks_cursor *cursor, struct blocks_leaf *leaf)
{
	uint32_t planes = 0;

	for (uint32_t plane = 0; plane <= blocks_last_read(cursor->blocks); plane++) {
		if (atomic_load_explicit(
			    blocks_mark(leaf, plane, cursor->window), memory_order_acquire))
			planes |= 1u << plane;
	}
	return planes;
}

/* The next word of this run of windows; 0 when it has no more. */
static uint64_t next_in_run(struct blocks_cursor *cursor, struct blocks_leaf *leaf)
{
	uint64_t end = (cursor->window | ((1u << BLOCKS_MARK_BITS) - 1)) + 1, word;
	uint32_t planes = planes_marked(cursor, leaf);

	for (; cursor->window < end; cursor->window++, cursor->plane = 0) {
		for (; planes >> cursor->plane; cursor->plane++) {
			if (!(planes >> cursor->plane & 1))
				continue;
			word = blocks_read(cursor->blocks, leaf, cursor->plane, cursor->window);
			if (word)
				return word;
		}
	}
	return 0;
}

bool blocks_next_word(struct blocks_cursor *cursor, uint64_t *window, uint64_t *word)
{
	struct blocks_leaf *leaf;

	while ((leaf = find_leaf(cursor))) {
		*word = next_in_run(cursor, leaf);
		if (!*word)
			continue;
		*window = cursor->window;
		/* A window with a brief has no other block: one that is there by the next look has
		 * come since. */
		if (blocks_brief_plane(cursor->blocks) ||
			cursor->plane++ == blocks_last_read(cursor->blocks))
			skip(cursor, 0);
		return true;
	}
	return false;
}

bool blocks_next(struct blocks_cursor *cursor, struct block *block)
{
	uint64_t window, word;

	while (blocks_next_word(cursor, &window, &word)) {
		if (blocks_describe(&cursor->tables, window, word, block, &cursor->damaged))
			return true;
	}
	return false;
}

/* What the plane says of the address, if its run is marked. */
static bool find_in(const struct blocks *blocks, const struct blocks_tables *tables, uint32_t plane,
	uint64_t address, struct block *block)
{
	uint64_t window = blocks_window(address), damaged = 0, word;
	struct blocks_leaf *leaf = blocks_leaf(blocks, window);

	if (!leaf || !atomic_load_explicit(blocks_mark(leaf, plane, window), memory_order_acquire))
		return false;
	word = blocks_read(blocks, leaf, plane, window);
	return word && blocks_describe(tables, window, word, block, &damaged) &&
	       block->address == address;
}

bool blocks_find(const struct blocks *blocks, const struct blocks_tables *tables, uint64_t address,
	struct block *block)
{
	uint32_t briefs = blocks_brief_plane(blocks);

	return find_in(blocks, tables, blocks_plane(blocks, address), address, block) ||
	       (briefs && find_in(blocks, tables, briefs, address, block));
}
