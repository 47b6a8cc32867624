#include "layout.h"
#include "lock.h"
#include "store.h"

#include <stddef.h>

/* 235 to 9,850 return addresses in the programs measured; a page of slots serves a small one. A
 * million of them are 32 MiB: more can only be a generator of code, whose frames go by rbp. */
enum { BITS_FIRST = 9, LAYOUT_LIMIT = 1 << 20 };

_Atomic(struct layout_table *) layout_current;

static bool fits(const struct layout *layout)
{
	return layout->cfa >= -(1 << 23) && layout->cfa < 1 << 23 && layout->rbp % 8 == 0 &&
	       layout->rbp / 8 >= INT16_MIN && layout->rbp / 8 <= INT16_MAX;
}

uint64_t layout_pack(const struct layout *layout)
{
	enum layout_kind kind = fits(layout) ? layout->kind : LAYOUT_COMPLEX;
	bool uses_rbp = kind == LAYOUT_RBP || kind == LAYOUT_AT_RBP || kind == LAYOUT_UNKNOWN;

	return (uint64_t)kind | (uint64_t)layout->saves_rbp << 4 |
	       (uint64_t)layout->interrupts << 5 | (uint64_t)uses_rbp << 6 |
	       (uint64_t)((uint32_t)layout->cfa << 8) |
	       (uint64_t)(uint16_t)(layout->rbp / 8) << 32 | (uint64_t)layout->module << 48;
}

static struct layout_entry *entry_of(struct layout_table *table, uint64_t key)
{
	uint32_t at = layout_place(table, key);

	while (table->entry[at].key && table->entry[at].key != key)
		at = (at + 1) & table->mask;
	return &table->entry[at];
}

static void put(struct layout_table *table, uint64_t key, uint64_t word)
{
	struct layout_entry *entry = entry_of(table, key);

	atomic_store_explicit(&entry->word, word, memory_order_relaxed);
	if (entry->key)
		return;
	atomic_store_explicit(&entry->key, key, memory_order_release);
	table->count++;
}

static struct layout_table *table_make(unsigned bits)
{
	struct layout_table *table = store_take(sizeof *table + (sizeof table->entry[0] << bits));

	if (table) {
		table->shift = 64 - bits;
		table->mask = (1u << bits) - 1;
	}
	return table;
}

/* The table with room for one more, NULL when there is none. */
static struct layout_table *table_ready(void)
{
	struct layout_table *old = layout_current, *table;

	if (old && (old->count <= old->mask / 2 || old->count >= LAYOUT_LIMIT))
		return old->count < LAYOUT_LIMIT ? old : NULL;
	table = table_make(old ? 64 - old->shift + 1 : BITS_FIRST);
	if (!table)
		return NULL;
	for (uint32_t i = 0; old && i <= old->mask; i++) {
		if (old->entry[i].key)
			put(table, old->entry[i].key, old->entry[i].word);
	}
	atomic_store_explicit(&layout_current, table, memory_order_release);
	return table;
}

bool layout_put(uint64_t key, uint64_t word)
{
	struct layout_table *table;
	struct held held;

	if (!lock_take(&locks()->layouts, &held))
		return false;
	table = table_ready();
	if (table)
		put(table, key, word);
	lock_release(&held);
	return table != NULL;
}

void layout_drop(uintptr_t start, uintptr_t end)
{
	struct layout_table *table;
	struct held held;

	if (!lock_take(&locks()->layouts, &held))
		return;
	table = layout_current;
	for (uint32_t i = 0; table && i <= table->mask; i++) {
		if ((table->entry[i].key >> 1) - start < end - start)
			atomic_store_explicit(&table->entry[i].word, 0, memory_order_relaxed);
	}
	lock_release(&held);
}

uint32_t layout_count(void)
{
	const struct layout_table *table = layout_current;

	return table ? table->count : 0;
}
