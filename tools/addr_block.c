#include "addr_block.h"

#include "../preload/core/blocks_before.h"

static bool find_after(const struct view *view, uint64_t address, uint64_t end, struct block *block)
{
	struct blocks_tables tables = view_tables(view);
	struct blocks_cursor cursor;

	blocks_begin(&cursor, view->blocks, &tables);
	cursor.window = blocks_window(address);
	while (blocks_next(&cursor, block)) {
		if (block->address > address)
			return block->address < end;
	}
	return false;
}

struct addr_blocks addr_blocks_around(
	const struct view *view, uint64_t address, uint64_t floor, uint64_t end)
{
	struct blocks_tables tables = view_tables(view);
	struct addr_blocks found = {.held = false};

	found.held = blocks_holding(view->blocks, &tables, address, floor, &found.block);
	if (found.held)
		return found;
	found.has_before = blocks_before(view->blocks, &tables, address, floor, &found.before);
	found.has_after = find_after(view, address, end, &found.after);
	return found;
}

uint32_t addr_block_frame(const struct view *view, const struct block *block)
{
	const struct vmatlas_origin *origin = lane_find(view->origins, block->origin);

	return origin ? origin->frame : 0;
}
