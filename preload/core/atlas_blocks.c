/* A pass over blocks and pages, both in the order of addresses.
 *
 * A page of the allocator's is, byte by byte, live or not. If it is resident, the bytes that are
 * not live are retained: pinned where the page has a live byte, since then it cannot be given
 * back, and shared evenly among the blocks on it; trimmable where it has none. */
#include "atlas_blocks.h"

#include <string.h>

enum {
	RUNS = 64,
	/* Blocks on one page that share what it retains; glibc's smallest chunk is 32 bytes,
	 * others' 8, and of a page with more than these the rest just counts less often. */
	PAGE_BLOCKS = 128,
};

/* The runs of one mapping, read as the pass moves on. */
struct runs {
	const struct view *view;
	struct view_run run[RUNS];
	size_t count, next;
	uint64_t from, end;
};

/* The page that the pass is on. */
struct page {
	uint64_t start;
	uint64_t live;
	bool resident, open;
	uint32_t blocks;
	uint32_t stack[PAGE_BLOCKS]; /* indices into atlas->stack */
};

/* A block that reaches past its mapping: the program gave part of it another protection, say. */
struct rest {
	uint64_t start, end; /* the same: none */
	struct atlas_stack *stack;
};

struct pass {
	struct atlas *atlas;
	struct blocks_cursor cursor;
	struct block block;
	bool more;
	struct runs runs;
	struct page page;
	struct rest rest;
};

/* -- Runs ----------------------------------------------------------------------------------- */

static void runs_begin(struct runs *runs, const struct view *view, uint64_t start, uint64_t end)
{
	*runs = (struct runs){.view = view, .from = start, .end = end};
}

/* The run that the pass stands at, NULL behind the last. */
static const struct view_run *runs_at(struct runs *runs)
{
	while (runs->next == runs->count) {
		uint64_t before = runs->from;

		if (before >= runs->end || !runs->view->runs)
			return NULL;
		runs->next = 0;
		runs->count = runs->view->runs(
			runs->view->context, &runs->from, runs->end, runs->run, RUNS);
		if (!runs->count && runs->from == before)
			runs->from = runs->end; /* a giver that does not move has no more */
	}
	return &runs->run[runs->next];
}

static uint64_t overlap(const struct view_run *run, uint64_t start, uint64_t end)
{
	uint64_t from = run->start > start ? run->start : start;
	uint64_t to = run->end < end ? run->end : end;

	return from < to && run->state & VIEW_PRESENT ? to - from : 0;
}

/* Resident bytes in [start, end); later calls must not begin before `keep`. */
static uint64_t runs_resident(struct runs *runs, uint64_t start, uint64_t end)
{
	const struct view_run *run;
	uint64_t bytes = 0;

	while ((run = runs_at(runs)) && run->start < end) {
		bytes += overlap(run, start, end);
		if (run->end > end)
			break;
		runs->next++;
	}
	return bytes;
}

/* -- Pages ---------------------------------------------------------------------------------- */

static void page_close(struct pass *pass, struct atlas_mapping *mapping)
{
	struct page *page = &pass->page;
	uint64_t size = pass->atlas->view->page_size, retained;

	if (!page->open)
		return;
	page->open = false;
	if (!page->resident || page->live >= size)
		return;
	retained = size - page->live;
	mapping->pinned += retained;
	for (uint32_t i = 0; i < page->blocks; i++)
		pass->atlas->stack[page->stack[i]].pinned += retained / page->blocks;
	/* What does not divide evenly goes to the first: the sums must meet. */
	if (page->blocks)
		pass->atlas->stack[page->stack[0]].pinned += retained % page->blocks;
}

/* The block's share of one page that it does not fill. */
static void page_add(struct pass *pass, struct atlas_mapping *mapping, uint64_t start,
	uint64_t bytes, bool resident, uint32_t stack)
{
	struct page *page = &pass->page;

	if (page->open && page->start != start)
		page_close(pass, mapping);
	if (!page->open) {
		page->open = true;
		page->start = start;
		page->live = 0;
		page->blocks = 0;
		page->resident = false;
	}
	page->live += bytes;
	page->resident = page->resident || resident;
	if (page->blocks < PAGE_BLOCKS)
		page->stack[page->blocks++] = stack;
}

/* Resident bytes of [start, end) that lie on the page, which the pass may meet again. */
static uint64_t on_page(struct pass *pass, struct atlas_mapping *mapping, uint64_t page,
	uint64_t start, uint64_t end, uint32_t stack)
{
	const struct view_run *run;
	bool resident = false;

	while ((run = runs_at(&pass->runs)) && run->end <= page)
		pass->runs.next++;
	if (run && run->start <= page && run->state & VIEW_PRESENT)
		resident = true;
	page_add(pass, mapping, page, end - start, resident, stack);
	return resident ? end - start : 0;
}

/* First page, whole pages, last page. */
static uint64_t block_resident(struct pass *pass, struct atlas_mapping *mapping, uint64_t start,
	uint64_t end, uint32_t stack)
{
	uint64_t mask = pass->atlas->view->page_size - 1, bytes = 0;
	uint64_t whole = (start + mask) & ~mask, tail = end & ~mask;

	if (start & mask || start == end) {
		uint64_t stop = end < whole ? end : whole;

		bytes += on_page(pass, mapping, start & ~mask, start, stop, stack);
	}
	if (whole < tail)
		bytes += runs_resident(&pass->runs, whole, tail);
	if (tail >= whole && tail < end)
		bytes += on_page(pass, mapping, tail, tail, end, stack);
	return bytes;
}

/* -- Blocks --------------------------------------------------------------------------------- */

struct atlas_stack *atlas_stack_of(struct atlas *atlas, uint32_t frame)
{
	uint32_t index;

	if (frame > atlas->frames)
		frame = 0; /* came after the count was taken */
	index = atlas->stack_of[frame];
	if (index)
		return &atlas->stack[index - 1];
	if (atlas->stacks == atlas->stack_room)
		return NULL;
	atlas->stack[atlas->stacks].frame = frame;
	atlas->stack_of[frame] = ++atlas->stacks;
	return &atlas->stack[atlas->stacks - 1];
}

static uint32_t frame_of(const struct atlas *atlas, uint32_t origin)
{
	const struct vmatlas_origin *record = lane_find(atlas->view->origins, origin);

	return record ? record->frame : 0;
}

static bool born_here(
	const struct atlas *atlas, const struct atlas_mapping *mapping, uint32_t birth)
{
	const struct vmatlas_birth *record = lane_find(atlas->view->births, birth);

	return record && mapping && record->start == mapping->start && record->end == mapping->end;
}

static void count_in_mapping(struct atlas_mapping *mapping, uint64_t size)
{
	if (!mapping->live_blocks || size < mapping->smallest)
		mapping->smallest = size;
	if (size > mapping->largest)
		mapping->largest = size;
	mapping->live_blocks++;
}

/* Resident bytes of the part in this mapping of a block that reaches from `start` to `end`. */
static uint64_t count_part(struct pass *pass, struct atlas_mapping *mapping, uint64_t start,
	uint64_t end, struct atlas_stack *stack)
{
	uint32_t index = stack ? (uint32_t)(stack - pass->atlas->stack) : 0;
	uint64_t stop = end < mapping->end ? end : mapping->end, resident;

	resident = block_resident(pass, mapping, start, stop, index);
	pass->rest = (struct rest){stop, end, stack};
	mapping->live_bytes += stop - start;
	mapping->live_resident += resident;
	if (stack)
		stack->live_resident += resident;
	return stop - start;
}

static void count_block(struct pass *pass, struct atlas_mapping *mapping)
{
	const struct block *block = &pass->block;
	struct atlas *atlas = pass->atlas;
	struct atlas_stack *stack = atlas_stack_of(atlas, frame_of(atlas, block->origin));
	uint64_t end = block->address + block->size;

	if (mapping) {
		count_in_mapping(mapping, block->size);
		if (end >= block->address) /* else somebody wrote over the table */
			count_part(pass, mapping, block->address, end, stack);
	} else {
		atlas->unplaced++;
	}
	atlas->moved += !born_here(atlas, mapping, block->mapping);
	atlas->live_blocks++;
	atlas->live_bytes += block->size;
	if (!stack)
		return;
	stack->live_blocks++;
	stack->live_bytes += block->size;
}

static void count_before(struct pass *pass, uint64_t address)
{
	while (pass->more && pass->block.address < address) {
		count_block(pass, NULL);
		pass->more = blocks_next(&pass->cursor, &pass->block);
	}
}

static void count_within(struct pass *pass, struct atlas_mapping *mapping)
{
	const struct view *view = pass->atlas->view;
	bool goes_on = pass->rest.end > pass->rest.start && pass->rest.start == mapping->start;

	if (!goes_on && (!pass->more || pass->block.address >= mapping->end))
		return;
	runs_begin(&pass->runs, view, mapping->start, mapping->end);
	if (goes_on)
		mapping->spanned =
			count_part(pass, mapping, mapping->start, pass->rest.end, pass->rest.stack);
	while (pass->more && pass->block.address < mapping->end) {
		count_block(pass, mapping);
		pass->more = blocks_next(&pass->cursor, &pass->block);
	}
	page_close(pass, mapping);
	if (pass->runs.from == UINT64_MAX)
		pass->atlas->pages_known = false;
}

void atlas_blocks_count(struct atlas *atlas)
{
	struct blocks_tables tables = view_tables(atlas->view);
	struct pass pass;

	pass.atlas = atlas;
	pass.page.open = false;
	pass.rest = (struct rest){0, 0, NULL};
	blocks_begin(&pass.cursor, atlas->view->blocks, &tables);
	pass.more = blocks_next(&pass.cursor, &pass.block);
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		count_before(&pass, atlas->mapping[i].start);
		count_within(&pass, &atlas->mapping[i]);
	}
	count_before(&pass, UINT64_MAX);
	atlas->damaged += pass.cursor.damaged;
}
