#include "layout.h"
#include "lock.h"
#include "store.h"

#include <stddef.h>

/* 235 to 9,850 return addresses in the programs measured; a page of slots serves a small one. A
 * million of them are 32 MiB: more can only be a generator of code, whose frames go by rbp. */
enum { BITS_FIRST = 9, LAYOUT_LIMIT = 1 << 20 };

_Atomic uint64_t layout_current;

static struct {
	_Atomic uint32_t count; /* of keys; under locks()->layouts */
} self;

static bool fits(const struct layout *layout)
{
	return layout->cfa >= -(1 << 23) && layout->cfa < 1 << 23 && layout->rbp % 8 == 0 &&
	       layout->rbp / 8 >= INT16_MIN && layout->rbp / 8 <= INT16_MAX;
}

uint64_t layout_pack(const struct layout *layout)
{
	enum layout_kind kind = fits(layout) ? layout->kind : LAYOUT_COMPLEX;
	bool uses_rbp = kind == LAYOUT_RBP || kind == LAYOUT_AT_RBP || kind == LAYOUT_UNKNOWN;
	bool plain = (kind == LAYOUT_RSP || kind == LAYOUT_RBP) && !layout->interrupts;

	return (plain ? LAYOUT_PLAIN : 0) | (uint64_t)kind | (uint64_t)layout->saves_rbp << 4 |
	       (uint64_t)layout->interrupts << 5 | (uint64_t)uses_rbp << 6 |
	       (uint64_t)((uint32_t)layout->cfa << 8) |
	       (uint64_t)(uint16_t)(layout->rbp / 8) << 32 | (uint64_t)layout->module << 48;
}

static struct layout_entry *entry_of(const struct layout_table *table, uint64_t key)
{
	uint32_t at = layout_place(table, key);

	while (table->entry[at].key && table->entry[at].key != key)
		at = (at + 1) & table->mask;
	return &table->entry[at];
}

/* True when the key was not there yet. */
static bool put(const struct layout_table *table, uint64_t key, uint64_t word)
{
	struct layout_entry *entry = entry_of(table, key);

	atomic_store_explicit(&entry->word, word, memory_order_relaxed);
	if (entry->key)
		return false;
	atomic_store_explicit(&entry->key, key, memory_order_release);
	return true;
}

static unsigned bits(void)
{
	return (unsigned)(layout_current & 31);
}

static void copy(const struct layout_table *from, const struct layout_table *to)
{
	for (uint32_t i = 0; i <= from->mask; i++) {
		if (from->entry[i].key)
			put(to, from->entry[i].key, from->entry[i].word);
	}
}

/* Whether there is room for one more. */
static bool ready(void)
{
	struct layout_table old = layout_table_at(layout_current), table;
	uint64_t word;

	if (self.count >= LAYOUT_LIMIT)
		return false;
	if (layout_current && self.count <= old.mask / 2)
		return true;
	word = layout_current ? bits() + 1 : BITS_FIRST;
	word |= (uintptr_t)store_take_whole(sizeof(struct layout_entry) << word);
	if (word < 64)
		return false;
	table = layout_table_at(word);
	if (layout_current)
		copy(&old, &table);
	atomic_store_explicit(&layout_current, word, memory_order_release);
	return true;
}

bool layout_put(uint64_t key, uint64_t word)
{
	struct layout_table table;
	struct held held;
	bool done;

	if (!lock_take_guarded(&locks()->layouts, &held))
		return false;
	done = ready();
	table = layout_table_at(layout_current);
	if (done)
		self.count += put(&table, key, word);
	lock_release(&held);
	return done;
}

void layout_drop(uintptr_t start, uintptr_t end)
{
	struct layout_table table;
	struct held held;

	if (!lock_take_guarded(&locks()->layouts, &held))
		return;
	table = layout_table_at(layout_current);
	for (uint32_t i = 0; table.entry && i <= table.mask; i++) {
		if ((table.entry[i].key >> 1) - start < end - start)
			atomic_store_explicit(&table.entry[i].word, 0, memory_order_relaxed);
	}
	lock_release(&held);
}

uint32_t layout_count(void)
{
	return self.count;
}
