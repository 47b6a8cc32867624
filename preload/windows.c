#include "windows.h"
#include "lock.h"
#include "word.h"

static struct {
	struct blocks_tables tables;
	_Atomic uint32_t *changes; /* of the table's struct blocks */
} self;

/* -- Chains, under the lock ----------------------------------------------------------------- */

/* Readers look at the count before and after. A forked child may find it odd. */
static _Atomic uint32_t *change_begin(uint64_t address)
{
	_Atomic uint32_t *changes = &self.changes[blocks_window(address) % BLOCKS_CHANGES];

	atomic_fetch_or(changes, 1);
	return changes;
}

static void change_end(_Atomic uint32_t *changes)
{
	atomic_fetch_add(changes, 1);
}

static void set_next(struct vmatlas_big *big, uint32_t next)
{
	__atomic_store_n(&big->next, next, __ATOMIC_RELAXED); /* readers walk the chain */
}

/* A record for the small block that has the word. */
static uint32_t convert(struct bigs_stock *stock, uint64_t window, uint64_t word)
{
	struct block block;

	if (!blocks_describe(&self.tables, window, word, &block))
		return 0;
	return bigs_make(stock, &(struct vmatlas_big){.address = block.address,
					.size = block.size,
					.time = block.time,
					.origin = block.origin,
					.mapping = block.mapping,
					.thread = block.thread});
}

/* The word becomes the chain's: record `id` before whatever was there. */
static bool chain_add(struct bigs_stock *stock, _Atomic uint64_t *place, uint32_t id)
{
	struct vmatlas_big *big = bigs_find(id);
	uint64_t word = *place;
	uint32_t other;

	while (!word_is_big(word)) {
		other = word ? convert(stock, blocks_window(big->address), word) : 0;
		if (word && !other)
			return false;
		set_next(big, other);
		if (atomic_compare_exchange_strong(place, &word, word_big(id)))
			return true;
		if (other)
			bigs_give(stock, other);
	}
	set_next(big, word_record(word));
	atomic_store_explicit(place, word_big(id), memory_order_release);
	return true;
}

static void unlink_record(
	_Atomic uint64_t *place, struct vmatlas_big *before, const struct vmatlas_big *big)
{
	if (before)
		set_next(before, big->next);
	else
		atomic_store_explicit(
			place, big->next ? word_big(big->next) : 0, memory_order_release);
}

static void chain_remove(_Atomic uint64_t *place, uint64_t address, struct table_taken *taken)
{
	uint64_t word = *place;
	uint32_t id = word_is_big(word) ? word_record(word) : 0;
	struct vmatlas_big *big, *before = NULL;

	for (int i = 0; i < BLOCKS_CHAIN_MOST && (big = bigs_find(id)); i++) {
		if (big->address == address) {
			*taken = (struct table_taken){address, big->size, word_big(id), id};
			unlink_record(place, before, big);
			return;
		}
		before = big;
		id = big->next;
	}
}

static bool chain_add_locked(struct bigs_stock *stock, _Atomic uint64_t *place, uint32_t id)
{
	_Atomic uint32_t *changes;
	struct held held;
	bool done;

	if (!lock_take(&locks()->windows, &held))
		return false;
	changes = change_begin(bigs_find(id)->address);
	done = chain_add(stock, place, id);
	change_end(changes);
	lock_release(&held);
	return done;
}

static bool chain_remove_locked(
	_Atomic uint64_t *place, uint64_t address, struct table_taken *taken)
{
	_Atomic uint32_t *changes;
	struct held held;

	if (!lock_take(&locks()->windows, &held))
		return false;
	changes = change_begin(address);
	chain_remove(place, address, taken);
	change_end(changes);
	lock_release(&held);
	return true;
}

static bool chain_put(struct bigs_stock *stock, _Atomic uint64_t *place, uint32_t id)
{
	if (!id)
		return false;
	if (chain_add_locked(stock, place, id))
		return true;
	bigs_give(stock, id);
	return false;
}

/* -- The calls ------------------------------------------------------------------------------ */

bool windows_put(struct bigs_stock *stock, _Atomic uint64_t *place, const struct table_birth *birth)
{
	uint64_t empty = 0;

	if (!table_needs_record(birth) &&
		atomic_compare_exchange_strong(place, &empty,
			word_small(birth->address, birth->size, birth->origin, birth->moment)))
		return true;
	return chain_put(stock, place, table_record(stock, birth));
}

/* A word becomes a chain's while its small block lives, but never the other way: once a chain was
 * seen here, the block is in it or not there at all. */
bool windows_take(_Atomic uint64_t *place, uint64_t address, struct table_taken *taken)
{
	uint64_t word = *place;

	while (!word_is_big(word)) {
		if (!word || VMATLAS_WORD_EIGHTH(word) != (address >> 3 & 3))
			return true;
		if (!atomic_compare_exchange_strong(place, &word, 0))
			continue;
		*taken = (struct table_taken){address, VMATLAS_WORD_SIZE(word), word, 0};
		return true;
	}
	return chain_remove_locked(place, address, taken);
}

bool windows_put_back(_Atomic uint64_t *place, const struct table_taken *taken)
{
	struct bigs_stock stock = {0, 0};
	uint64_t empty = 0;
	uint32_t id = taken->big;
	bool done;

	if (!id && atomic_compare_exchange_strong(place, &empty, taken->word))
		return true;
	/* A chain, or another small block came into the window meanwhile. */
	if (!id)
		id = convert(&stock, blocks_window(taken->address), taken->word);
	done = chain_put(&stock, place, id);
	bigs_leave(&stock);
	return done;
}

void windows_boot(struct blocks *blocks, const struct lane *moments)
{
	self.changes = blocks->changes;
	self.tables = (struct blocks_tables){moments, bigs_records()};
}
