#include "table.h"
#include "lock.h"
#include "store.h"

/* A thread keeps at most so many free records, and moves them to all and back in halves: a thread
 * that only allocates lives on what a thread that only frees gives away. */
enum { STOCK_MOST = 64 };

static struct {
	/* Branches and leaves appear under locks()->windows and stay. */
	struct blocks blocks;
	/* Records are appended under locks()->bigs, filled by their owner alone. */
	struct lane bigs;
	/* Free records of no thread, linked by `next`. Under locks()->bigs. */
	uint32_t spare;
	const struct lane *moments;
	bool apart;
	_Atomic uint64_t lost;
} self = {.bigs = {.record_size = sizeof(struct vmatlas_big)}};

static void count_lost(void)
{
	atomic_fetch_add_explicit(&self.lost, 1, memory_order_relaxed);
}

static struct vmatlas_big *big_of(uint32_t id)
{
	return lane_find(&self.bigs, id);
}

/* -- Where a word is ------------------------------------------------------------------------ */

static struct blocks_branch *branch_make(uint64_t root)
{
	struct blocks_branch *branch = self.blocks.branch[root];

	if (!branch) {
		branch = store_take(sizeof *branch);
		atomic_store_explicit(&self.blocks.branch[root], branch, memory_order_release);
	}
	return branch;
}

static struct blocks_leaf *leaf_make(uint64_t window)
{
	uint64_t number = window >> BLOCKS_LEAF_BITS;
	struct blocks_branch *branch = branch_make(number >> BLOCKS_BRANCH_BITS);
	_Atomic(struct blocks_leaf *) *place;

	if (!branch)
		return NULL;
	place = &branch->leaf[number & ((1u << BLOCKS_BRANCH_BITS) - 1)];
	if (!*place)
		atomic_store_explicit(place, store_take(sizeof **place), memory_order_release);
	return *place;
}

/* The first block within 4 MiB. */
static __attribute__((noinline)) struct blocks_leaf *leaf_slowly(uint64_t window)
{
	struct blocks_leaf *leaf = NULL;
	struct held held;

	if (window >> (BLOCKS_ADDRESS_BITS - BLOCKS_WINDOW_BITS) == 0 &&
		lock_take(&locks()->windows, &held)) {
		leaf = leaf_make(window);
		lock_release(&held);
	}
	return leaf;
}

static inline void mark(struct blocks_leaf *leaf, uint64_t window)
{
	_Atomic uint8_t *marked = &leaf->marked[(window & ((1u << BLOCKS_LEAF_BITS) - 1)) >>
						BLOCKS_MARK_BITS];

	if (!atomic_load_explicit(marked, memory_order_relaxed))
		atomic_store_explicit(marked, 1, memory_order_release);
}

static inline _Atomic uint64_t *word_for(uint64_t address)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = blocks_leaf(&self.blocks, window);

	if (!leaf)
		leaf = leaf_slowly(window);
	if (!leaf)
		return NULL;
	mark(leaf, window);
	return blocks_word(leaf, window);
}

/* -- Records of large blocks ---------------------------------------------------------------- */

/* Takes up to half a stock from all, or a fresh record. */
static void stock_fill(struct table_stock *stock)
{
	struct held held;

	if (!lock_take(&locks()->bigs, &held))
		return;
	while (self.spare && stock->count < STOCK_MOST / 2) {
		struct vmatlas_big *big = lane_get(&self.bigs, self.spare);
		uint32_t id = self.spare;

		self.spare = big->next;
		big->next = stock->first;
		stock->first = id;
		stock->count++;
	}
	if (!stock->first) {
		stock->first = store_append(&self.bigs, UINT32_MAX - 1);
		stock->count = stock->first != 0;
	}
	lock_release(&held);
}

static uint32_t stock_take(struct table_stock *stock)
{
	uint32_t id;

	if (!stock->first)
		stock_fill(stock);
	id = stock->first;
	if (id) {
		stock->first = big_of(id)->next;
		stock->count--;
	}
	return id;
}

static void stock_spill(struct table_stock *stock, uint32_t keep)
{
	struct held held;

	if (!lock_take(&locks()->bigs, &held))
		return;
	while (stock->count > keep) {
		struct vmatlas_big *big = big_of(stock->first);
		uint32_t id = stock->first;

		stock->first = big->next;
		stock->count--;
		big->next = self.spare;
		self.spare = id;
	}
	lock_release(&held);
}

static void stock_give(struct table_stock *stock, uint32_t id)
{
	struct vmatlas_big *big = big_of(id);

	big->address = 0;
	big->next = stock->first;
	stock->first = id;
	if (++stock->count > STOCK_MOST)
		stock_spill(stock, STOCK_MOST / 2);
}

void table_leave(struct table_stock *stock)
{
	if (stock->count)
		stock_spill(stock, 0);
}

/* -- Words ---------------------------------------------------------------------------------- */

static uint64_t word_small(const struct table_birth *birth)
{
	return (uint64_t)birth->origin | (uint64_t)birth->moment << 24 | birth->size << 48 |
	       (birth->address >> 3 & 3) << 62;
}

static uint64_t word_big(uint32_t id)
{
	return (uint64_t)VMATLAS_SIZE_BIG << 48 | id;
}

static bool is_big(uint64_t word)
{
	return VMATLAS_WORD_SIZE(word) == VMATLAS_SIZE_BIG;
}

static bool is_at(uint64_t word, uint64_t address)
{
	return word && VMATLAS_WORD_EIGHTH(word) == (address >> 3 & 3);
}

static uint32_t big_make(struct table_stock *stock, const struct table_birth *birth)
{
	uint32_t id = stock_take(stock);

	if (id)
		*big_of(id) = (struct vmatlas_big){birth->address, birth->size, birth->time,
			birth->origin, birth->thread, birth->mapping, 0};
	return id;
}

static bool needs_record(const struct table_birth *birth)
{
	return birth->size >= VMATLAS_SIZE_BIG || !birth->moment;
}

/* What the word says of a block that this thread alone may speak for. */
static void describe(uint64_t word, uint64_t address, struct table_taken *taken)
{
	*taken = (struct table_taken){.address = address};
	if (is_big(word)) {
		const struct vmatlas_big *big = big_of((uint32_t)VMATLAS_WORD_BIG(word));

		if (!big || big->address != address)
			return;
		taken->big = (uint32_t)VMATLAS_WORD_BIG(word);
		taken->size = big->size;
	} else if (is_at(word, address)) {
		taken->size = VMATLAS_WORD_SIZE(word);
	} else {
		return;
	}
	taken->word = word;
}

/* -- Windows that several blocks may share: another allocator than glibc's ------------------- */

/* The record of a small block, when a second one comes into its window. */
static uint32_t chain_convert(struct table_stock *stock, uint64_t window, uint64_t word)
{
	struct blocks_tables tables = {self.moments, &self.bigs};
	struct block block;

	if (!blocks_describe(&tables, window, word, &block))
		return 0;
	return big_make(stock,
		&(struct table_birth){.address = block.address,
			.size = block.size,
			.time = block.time,
			.origin = block.origin,
			.mapping = block.mapping,
			.thread = block.thread});
}

/* Under locks()->windows, as all that changes a chain. A small block's owner may take its word away
 * at any time, so words change by comparison. */
static bool chain_add(struct table_stock *stock, _Atomic uint64_t *place, uint32_t id)
{
	uint64_t window = blocks_window(big_of(id)->address), word = *place;

	while (!is_big(word)) {
		uint32_t other = word ? chain_convert(stock, window, word) : 0;

		if (word && !other)
			return false;
		big_of(id)->next = other;
		if (atomic_compare_exchange_strong(place, &word, word_big(id)))
			return true;
		if (other)
			stock_give(stock, other);
	}
	big_of(id)->next = (uint32_t)VMATLAS_WORD_BIG(word);
	atomic_store_explicit(place, word_big(id), memory_order_release);
	return true;
}

static bool chain_put(
	struct table_stock *stock, _Atomic uint64_t *place, const struct table_birth *birth)
{
	uint32_t id = big_make(stock, birth);
	struct held held;
	bool done = false;

	if (id && lock_take(&locks()->windows, &held)) {
		done = chain_add(stock, place, id);
		lock_release(&held);
	}
	if (id && !done)
		stock_give(stock, id);
	return done;
}

static void chain_remove(_Atomic uint64_t *place, uint64_t address, struct table_taken *taken)
{
	uint32_t id = (uint32_t)VMATLAS_WORD_BIG(*place), before = 0;

	for (int i = 0; id && i < BLOCKS_CHAIN_MOST; i++) {
		struct vmatlas_big *big = big_of(id);

		if (!big)
			return;
		if (big->address == address) {
			*taken = (struct table_taken){address, big->size, word_big(id), id};
			if (before)
				big_of(before)->next = big->next;
			else
				atomic_store_explicit(place,
					big->next ? word_big(big->next) : 0, memory_order_release);
			return;
		}
		before = id;
		id = big->next;
	}
}

static void shared_take(_Atomic uint64_t *place, uint64_t address, struct table_taken *taken)
{
	uint64_t word = *place;
	struct held held;

	while (!is_big(word)) {
		if (!is_at(word, address))
			return;
		if (!atomic_compare_exchange_strong(place, &word, 0))
			continue;
		*taken = (struct table_taken){address, VMATLAS_WORD_SIZE(word), word, 0};
		return;
	}
	if (!lock_take(&locks()->windows, &held)) {
		count_lost();
		return;
	}
	if (is_big(*place))
		chain_remove(place, address, taken);
	lock_release(&held);
	if (!taken->word && *place != word)
		shared_take(place, address, taken);
}

static bool shared_put(
	struct table_stock *stock, _Atomic uint64_t *place, const struct table_birth *birth)
{
	uint64_t empty = 0;

	if (!needs_record(birth) && atomic_compare_exchange_strong(place, &empty, word_small(birth)))
		return true;
	return chain_put(stock, place, birth);
}

/* -- The same where every block has its word to itself -------------------------------------- */

static bool apart_put(struct table_stock *stock, _Atomic uint64_t *place,
	const struct table_birth *birth, struct table_taken *replaced)
{
	uint64_t old = atomic_load_explicit(place, memory_order_relaxed), word;
	uint32_t id;

	if (old)
		describe(old, birth->address, replaced);
	if (needs_record(birth)) {
		id = big_make(stock, birth);
		if (!id)
			return false;
		word = word_big(id);
	} else {
		word = word_small(birth);
	}
	atomic_store_explicit(place, word, memory_order_release);
	return true;
}

bool table_put(struct table_stock *stock, const struct table_birth *birth,
	struct table_taken *replaced)
{
	_Atomic uint64_t *place = word_for(birth->address);
	bool done = false;

	replaced->word = 0;
	if (!place) {
		count_lost();
		return false;
	}
	if (self.apart) {
		done = apart_put(stock, place, birth, replaced);
	} else {
		shared_take(place, birth->address, replaced);
		done = shared_put(stock, place, birth);
	}
	if (replaced->word) {
		table_forget(stock, replaced);
		replaced->big = 0;
	}
	if (!done)
		count_lost();
	return done;
}

void table_take(uint64_t address, struct table_taken *taken)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = blocks_leaf(&self.blocks, window);
	_Atomic uint64_t *place;

	*taken = (struct table_taken){.address = address};
	if (!leaf)
		return;
	place = blocks_word(leaf, window);
	if (!self.apart) {
		shared_take(place, address, taken);
		return;
	}
	describe(atomic_load_explicit(place, memory_order_relaxed), address, taken);
	if (taken->word)
		atomic_store_explicit(place, 0, memory_order_release);
}

void table_put_back(const struct table_taken *taken)
{
	_Atomic uint64_t *place = word_for(taken->address);
	struct table_stock none = {0, 0};
	uint64_t empty = 0;
	struct held held;

	if (!taken->word || !place)
		return;
	if (atomic_compare_exchange_strong(place, &empty, taken->word))
		return;
	/* Another block has come into the window meanwhile. A small block would need a record to
	 * join it and has no stock to take one from: it takes it from all. */
	if (taken->big && lock_take(&locks()->windows, &held)) {
		chain_add(&none, place, taken->big);
		lock_release(&held);
	} else {
		count_lost();
	}
	table_leave(&none);
}

void table_forget(struct table_stock *stock, const struct table_taken *taken)
{
	if (!taken->big)
		return;
	if (stock)
		stock_give(stock, taken->big);
	else
		big_of(taken->big)->address = 0;
}

const struct blocks *table_blocks(void)
{
	return &self.blocks;
}

const struct lane *table_bigs(void)
{
	return &self.bigs;
}

uint64_t table_lost(void)
{
	return atomic_load_explicit(&self.lost, memory_order_relaxed);
}

void table_boot(bool apart, const struct lane *moments)
{
	self.apart = apart;
	self.moments = moments;
}
