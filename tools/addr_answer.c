#include "addr_answer.h"

#include "../preload/core/atlas_owners.h"
#include "../preload/core/freed.h"
#include "../preload/core/region.h"
#include "addr_chunk.h"

/* -- The mapping ---------------------------------------------------------------------------- */

static void find_neighbours(const struct listing *listing, struct addr_answer *answer)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_row *row = &listing->row[i];
		bool below = row->line.end <= answer->address;

		if (below && (!answer->before || row->line.end > answer->before->line.end))
			answer->before = row;
		if (!below && (!answer->after || row->line.start < answer->after->line.start))
			answer->after = row;
	}
}

/* The kernel splits a mapping where the program changes something; blocks do not end there. */
static uint64_t stretch_start(const struct listing *listing, const struct listing_row *row)
{
	while (row > listing->row && row[-1].line.end == row->line.start)
		row--;
	return row->line.start;
}

static uint64_t stretch_end(const struct listing *listing, const struct listing_row *row)
{
	while (row + 1 < listing->row + listing->count && row[1].line.start == row->line.end)
		row++;
	return row->line.end;
}

static void find_page(const struct addr_source *source, struct addr_answer *answer)
{
	answer->page = source->view ? addr_page_frozen(source->view, answer->address)
				    : addr_page_live(source->pagemap, answer->address);
	if (source->listing->known & LISTING_SMAPS)
		answer->page.dirty = addr_page_dirty(&answer->page, &answer->row->smaps);
}

/* -- What the shim knew --------------------------------------------------------------------- */

static void find_blocks(const struct addr_source *source, struct addr_answer *answer)
{
	const struct listing *listing = source->listing;

	answer->blocks = addr_blocks_around(source->view, answer->address,
		stretch_start(listing, answer->row), stretch_end(listing, answer->row));
}

/* The kernel merges what is for different things, and the atlas cuts it again. */
static void find_part(const struct addr_source *source, struct addr_answer *answer)
{
	const struct listing_row *row = answer->row;

	answer->part = atlas_part_find(&source->atlas, answer->address);
	for (size_t i = 0; i < row->parts; i++) {
		const struct listing_part *part = &row->part[i];

		if (answer->address < part->start || answer->address >= part->end)
			continue;
		answer->shown.kind = part->kind;
		answer->shown.owner = part->owner;
	}
}

/* Who mapped a file is no matter of its parts, which are the file's. */
static void find_region(const struct addr_source *source, struct addr_answer *answer)
{
	struct vmatlas_region call;

	answer->has_region = true;
	if (answer->part && answer->part->region)
		answer->region = source->atlas.region[answer->part->region - 1];
	else if (region_holding(source->view->regions, answer->address, &call))
		answer->region = (struct atlas_region){
			.start = call.start,
			.end = call.end,
			.time = call.time,
			.kind = answer->row->kind,
			.call = (uint8_t)call.call,
			.thread = call.thread,
			.frame = call.frame,
		};
	else
		answer->has_region = false;
}

static void find_freed(const struct addr_source *source, struct addr_answer *answer)
{
	uint64_t before = UINT64_MAX;

	while (answer->freed_count < ADDR_FREED &&
		freed_last(source->view->freed, answer->address, before,
			&answer->freed[answer->freed_count]))
		before = answer->freed[answer->freed_count++].freed;
}

/* -- What it is in the first place ---------------------------------------------------------- */

/* Of glibc's own around a block: what lies in the chunk before comes first, since a chunk's first
 * word is the last of the one before. */
static enum addr_what chunk_part(const struct addr_source *source, const struct addr_answer *answer)
{
	const struct addr_blocks *blocks = &answer->blocks;

	if (!source->view || !source->view->glibc)
		return ADDR_NOTHING;
	if (blocks->has_before && addr_chunk_slack(&blocks->before, answer->address))
		return ADDR_SLACK;
	if (blocks->has_after && addr_chunk_header(&blocks->after, answer->address))
		return ADDR_HEADER;
	return ADDR_NOTHING;
}

/* Of a file its name says more. */
static bool is_mapped_by_call(const struct addr_answer *answer)
{
	return answer->has_region && answer->region.call &&
	       answer->region.call != VMATLAS_CALL_BEFORE &&
	       !(answer->row->line.path_length && answer->row->line.path[0] == '/');
}

static enum addr_what what_of(const struct addr_source *source, const struct addr_answer *answer)
{
	enum addr_what part = chunk_part(source, answer);

	if (answer->blocks.held)
		return ADDR_BLOCK;
	if (part != ADDR_NOTHING)
		return part;
	if (answer->stack.on)
		return ADDR_STACK;
	if (answer->stack.guard)
		return ADDR_GUARD;
	if (answer->symbol.named)
		return ADDR_SYMBOL;
	if (answer->part && atlas_owners_is_allocators(answer->part))
		return ADDR_GAP;
	return is_mapped_by_call(answer) ? ADDR_REGION : ADDR_MAPPED;
}

static void find_mapped(struct addr_source *source, struct addr_answer *answer)
{
	answer->shown = *answer->row;
	find_page(source, answer);
	answer->stack = addr_stack_find(source, answer->row, answer->address);
	answer->symbol = addr_symbol_find(source->symbols, answer->row, answer->address);
	if (source->view) {
		find_blocks(source, answer);
		find_part(source, answer);
		find_region(source, answer);
	}
	answer->what = what_of(source, answer);
}

struct addr_answer addr_answer_find(struct addr_source *source, uint64_t address)
{
	struct addr_answer answer = {.address = address};

	answer.row = listing_find(source->listing, address);
	if (answer.row)
		find_mapped(source, &answer);
	else
		find_neighbours(source->listing, &answer);
	if (source->view)
		find_freed(source, &answer);
	return answer;
}

void addr_answer_free(struct addr_answer *answer)
{
	addr_symbol_free(&answer->symbol);
}

const char *addr_answer_word(enum addr_what what)
{
	switch (what) {
	case ADDR_NOTHING:
		return "nothing";
	case ADDR_MAPPED:
		return "mapping";
	case ADDR_BLOCK:
		return "block";
	case ADDR_SLACK:
		return "slack";
	case ADDR_HEADER:
		return "header";
	case ADDR_GAP:
		return "gap";
	case ADDR_STACK:
		return "stack";
	case ADDR_GUARD:
		return "guard";
	case ADDR_SYMBOL:
		return "symbol";
	case ADDR_REGION:
		return "region";
	}
	return "nothing";
}
