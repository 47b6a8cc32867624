#include "blocks_before.h"

/* The last block of the window that starts at the address or before it. */
static bool last_of_window(const struct blocks *blocks, const struct blocks_tables *tables,
	uint64_t window, uint64_t address, struct block *block)
{
	struct blocks_cursor cursor;
	struct block next;
	bool any = false;

	blocks_begin(&cursor, blocks, tables);
	blocks_seek(&cursor, window << BLOCKS_WINDOW_BITS);
	while (blocks_next(&cursor, &next) && blocks_window(next.address) == window &&
		next.address <= address) {
		*block = next;
		any = true;
	}
	return any;
}

static bool is_empty(const struct blocks *blocks, struct blocks_leaf *leaf, uint64_t window)
{
	for (uint32_t plane = 0; plane <= blocks_last_read(blocks); plane++) {
		if (atomic_load_explicit(blocks_mark(leaf, plane, window), memory_order_acquire) &&
			blocks_read(blocks, leaf, plane, window))
			return false;
	}
	return true;
}

/* The window itself where it has a block, else one before it, with none between them; UINT64_MAX
 * when nothing is left. */
static uint64_t step(const struct blocks *blocks, uint64_t window)
{
	struct blocks_leaf *leaf = blocks_leaf(blocks, window);

	if (!leaf)
		return (window >> BLOCKS_LEAF_BITS << BLOCKS_LEAF_BITS) - 1;
	if (!blocks_is_marked(blocks, leaf, window))
		return (window >> BLOCKS_MARK_BITS << BLOCKS_MARK_BITS) - 1;
	return is_empty(blocks, leaf, window) ? window - 1 : window;
}

bool blocks_before(const struct blocks *blocks, const struct blocks_tables *tables,
	uint64_t address, uint64_t floor, struct block *block)
{
	uint64_t window = blocks_window(address), before;

	while (window != UINT64_MAX && window >= blocks_window(floor)) {
		before = step(blocks, window);
		if (before == window) {
			if (last_of_window(blocks, tables, window, address, block))
				return block->address >= floor;
			before--;
		}
		window = before;
	}
	return false;
}

bool blocks_holding(const struct blocks *blocks, const struct blocks_tables *tables,
	uint64_t address, uint64_t floor, struct block *block)
{
	return blocks_before(blocks, tables, address, floor, block) &&
	       (block->address == address || address - block->address < block->size);
}
