#include "../preload/core/owner.h"
#include "top_forms.h"

#include <errno.h>

enum { LIVE, SHARE, ERROR, BLOCKS, RESIDENT, PINS, EVER, ALLOCATIONS, GROWTH, NUMBER, CALLER };

static uint16_t unknown_of(const struct top_moment *moment)
{
	uint16_t unknown = moment->atlas.pages_known ? 0 : 1u << RESIDENT | 1u << PINS;

	return moment->view.sample_mean ? unknown : unknown | 1u << ERROR;
}

static int add(struct top_table *table, const struct top_moment *moment, uint32_t index)
{
	const struct atlas_stack *stack = &moment->atlas.stack[index];
	struct top_row *row = top_table_add(table);

	if (!row)
		return ENOMEM;
	row->key = row->frame = stack->frame;
	row->index = index;
	row->idle = true;
	row->unknown = unknown_of(moment);
	row->cell[LIVE] = row->cell[SHARE] = stack->live_bytes;
	row->cell[ERROR] = stack->error[ATLAS_LIVE_BYTES];
	row->cell[BLOCKS] = stack->live_blocks;
	row->cell[RESIDENT] = stack->live_resident;
	row->cell[PINS] = stack->pinned;
	row->cell[EVER] = stack->allocated_bytes;
	row->cell[ALLOCATIONS] = stack->allocations;
	row->cell[NUMBER] = stack->frame;
	return 0;
}

/* Exact also where call stacks are sampled: it is not the sum of the rows then. What all pin can be
 * less than the sum: several can pin one page. */
static void put_total(struct top_table *table, const struct top_moment *moment)
{
	struct top_row *total = &table->total;

	total->name = "all live blocks";
	total->cell[LIVE] = total->cell[SHARE] = moment->atlas.live_bytes;
	total->cell[BLOCKS] = moment->atlas.live_blocks;
	total->cell[RESIDENT] = moment->atlas.row[ATLAS_LIVE];
	total->cell[PINS] = moment->atlas.pinned;
	total->cell[EVER] = moment->view.allocated_bytes;
	total->cell[ALLOCATIONS] = moment->view.allocations;
	total->unknown = unknown_of(moment) | 1u << NUMBER | 1u << ERROR;
	if (moment->view.allocations == VIEW_UNKNOWN)
		total->unknown |= 1u << EVER | 1u << ALLOCATIONS;
}

static int fill(struct top_table *table, struct top_moment *moment)
{
	int error = 0;

	for (uint32_t i = 0; i < moment->atlas.stacks && !error; i++)
		error = add(table, moment, i);
	put_total(table, moment);
	return error;
}

static void put_name(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	char owner[OWNER_BYTES];
	size_t length = owner_of_stack(&moment->report, row->frame, owner);

	if (length)
		text_printable(text, owner, length);
	else
		text_str(text, "call stack not known");
}

const struct top_form top_stacks = {
	.title = "Call stacks",
	.name = "stacks",
	.measured = "live bytes",
	.measure = LIVE,
	.sort = LIVE,
	.column = {[LIVE] = {"live", "live_bytes", TOP_SIZE, 5, 0, true},
		[SHARE] = {"%", NULL, TOP_SHARE, 6, 4, true},
		[ERROR] = {"±", "live_bytes_error", TOP_SIZE, 5, 2, false},
		[BLOCKS] = {"blocks", "live_blocks", TOP_GROUPED, 10, 3, true},
		[RESIDENT] = {"rss", "live_resident", TOP_SIZE, 5, 7, true},
		[PINS] = {"pins", "pinned", TOP_SIZE, 5, 6, true},
		[EVER] = {"ever", "allocated_bytes", TOP_SIZE, 5, 5, true},
		[ALLOCATIONS] = {"allocations", "allocations", TOP_GROUPED, 13, 8, true},
		[GROWTH] = {"growth", NULL, TOP_GROWTH, 7, 1, true},
		[NUMBER] = {"number", "callstack", TOP_NUMBER, 7, 9, false},
		[CALLER] = {"who asked", "caller", TOP_NAME, 0, 0, false}},
	.fill = fill,
	.put_name = put_name,
};
