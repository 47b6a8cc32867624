/* A pass over blocks and pages, both in the order of addresses.
 *
 * A page of the allocator's is, byte by byte, live or not. If it is resident, the bytes that are
 * not live are retained: pinned where the page has a live byte, since then it cannot be given
 * back, and shared evenly among the blocks on it. Trimmable is what malloc_trim(0) would give back:
 * by glibc's rules (trim.h), with other allocators every page that has no live byte. */
#include "atlas_blocks.h"
#include "atlas_owners.h"
#include "atlas_stacks.h"
#include "runs.h"
#include "trim.h"

#include <string.h>

enum {
	/* Blocks on one page that share what it retains; glibc's smallest chunk is 32 bytes,
	 * others' 8, and of a page with more than these the rest just counts less often. */
	PAGE_BLOCKS = 128,
};

#define NOBODY UINT32_MAX

/* A block on a page, of which it may retain a part. */
struct tenant {
	uint64_t size;   /* the whole block's */
	uint32_t stack;  /* index into atlas->stack, NOBODY for none */
	uint32_t before; /* bytes that it pins elsewhere: of the page where it begins */
};

/* The page that the pass is on. */
struct page {
	uint64_t start;
	uint64_t live;
	bool resident, open;
	uint32_t blocks;
	struct tenant tenant[PAGE_BLOCKS];
};

/* The block that is counted. */
struct holder {
	uint64_t size;
	struct poisson of; /* what it stands for */
	uint32_t stack;    /* index into atlas->stack, NOBODY for none */
	bool headed;       /* it begins within a page */
	uint64_t resident; /* of those pieces that were counted */
};

/* It reaches past its part: the program gave some of it another protection, say. */
struct rest {
	uint64_t start, end; /* the same: none */
};

/* What malloc_trim(0) would do with the memory between two live blocks. */
struct gap {
	bool by_glibc; /* by its rules; else whole pages that are no part of a live block */
	uint64_t from; /* where the free chunk begins */
	uint64_t top;  /* the topmost chunk of an arena, which stays; 0 for none */
	uint32_t held; /* the next of view->held */
};

struct pass {
	struct atlas *atlas;
	struct blocks_cursor cursor;
	struct block block;
	bool more;
	struct runs runs;
	struct page page;
	uint64_t pinned; /* by the last block on the page that was closed last */
	struct holder holder;
	struct rest rest;
	struct gap gap;
};

/* -- Pages ---------------------------------------------------------------------------------- */

static inline void add_to(struct pass *pass, const struct holder *holder, enum atlas_held held,
	uint64_t quantity, uint64_t before)
{
	if (holder->stack != NOBODY)
		atlas_stacks_add(pass->atlas, holder->stack, held, &holder->of, (double)quantity,
			(double)before);
}

static void pin(struct pass *pass, const struct tenant *tenant, uint64_t bytes)
{
	struct holder holder = {.stack = tenant->stack,
		.of = poisson_of(tenant->size, pass->atlas->view->sample_mean)};

	add_to(pass, &holder, ATLAS_PINNED, bytes, tenant->before);
}

/* What does not divide evenly goes to the first: the sums must meet. */
static void share_among(struct pass *pass, const struct page *page, uint64_t retained)
{
	for (uint32_t i = 0; i < page->blocks; i++) {
		uint64_t part = retained / page->blocks + (i ? 0 : retained % page->blocks);

		pin(pass, &page->tenant[i], part);
		pass->pinned = part;
	}
}

static void page_close(struct pass *pass, struct atlas_part *part)
{
	struct page *page = &pass->page;
	uint64_t size = pass->atlas->view->page_size, retained;

	if (!page->open)
		return;
	page->open = false;
	pass->pinned = 0;
	if (!page->resident || page->live >= size)
		return;
	retained = size - page->live;
	part->pinned += retained;
	share_among(pass, page, retained);
}

/* The block's share of one page that it does not fill. */
static void page_add(struct pass *pass, struct atlas_part *part, uint64_t start, uint64_t bytes,
	bool resident, struct tenant tenant)
{
	struct page *page = &pass->page;

	if (page->open && page->start != start)
		page_close(pass, part);
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
		page->tenant[page->blocks++] = tenant;
}

/* Resident bytes of [start, end) that lie on the page, which the pass may meet again. `before` is
 * what the block pins elsewhere. */
static uint64_t on_page(struct pass *pass, struct atlas_part *part, uint64_t page, uint64_t start,
	uint64_t end, uint64_t before)
{
	struct tenant tenant = {pass->holder.size, pass->holder.stack, (uint32_t)before};
	const struct view_run *run;
	bool resident = false;

	while ((run = runs_at(&pass->runs)) && run->end <= page)
		pass->runs.next++;
	if (run && run->start <= page && run->state & VIEW_PRESENT)
		resident = true;
	page_add(pass, part, page, end - start, resident, tenant);
	return resident ? end - start : 0;
}

/* First page, whole pages, last page. */
static uint64_t block_resident(
	struct pass *pass, struct atlas_part *part, uint64_t start, uint64_t end)
{
	uint64_t mask = pass->atlas->view->page_size - 1, bytes = 0;
	uint64_t whole = (start + mask) & ~mask, tail = end & ~mask;

	if (start & mask || start == end) {
		uint64_t stop = end < whole ? end : whole;

		bytes += on_page(pass, part, start & ~mask, start, stop, 0);
		pass->holder.headed = true;
	}
	if (whole < tail)
		bytes += runs_resident(&pass->runs, whole, tail);
	if (tail >= whole && tail < end) {
		page_close(pass, part);
		bytes += on_page(
			pass, part, tail, tail, end, pass->holder.headed ? pass->pinned : 0);
	}
	return bytes;
}

/* -- Gaps ----------------------------------------------------------------------------------- */

static const struct atlas_region *region_of(
	const struct atlas *atlas, const struct atlas_part *part)
{
	return part->region ? &atlas->region[part->region - 1] : NULL;
}

static void gaps_begin(struct pass *pass, const struct atlas_part *part)
{
	const struct atlas_region *region = region_of(pass->atlas, part);
	bool chunks = part->kind == KIND_HEAP || part->kind == KIND_ARENA;

	pass->gap.by_glibc = chunks && pass->atlas->view->glibc;
	pass->gap.from = part->start;
	pass->gap.top = region && region->arena ? region->block : 0;
}

static void gap_begin(struct pass *pass, uint64_t from)
{
	pass->gap.from = from;
}

/* Pages behind the last block's and before the next one's: the runs have not passed them yet. */
static void give_back(struct pass *pass, struct atlas_part *part, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	page_close(pass, part);
	part->trimmable += runs_resident_from(&pass->runs, start, end);
}

static void free_chunk(struct pass *pass, struct atlas_part *part, uint64_t to)
{
	uint64_t page = pass->atlas->view->page_size, start, end;

	trim_free_chunk(pass->gap.from, to, page, &start, &end);
	give_back(pass, part, start, end);
}

/* What is held in the gap divides it; the last piece begins behind. */
static void divide(struct pass *pass, struct atlas_part *part, uint64_t to)
{
	const struct view *view = pass->atlas->view;
	struct gap *gap = &pass->gap;

	for (; gap->held < view->helds && view->held[gap->held].start < to; gap->held++) {
		const struct view_range *held = &view->held[gap->held];

		if (held->start < gap->from)
			continue;
		free_chunk(pass, part, held->start);
		gap->from = held->end;
	}
}

static void gap_end(struct pass *pass, struct atlas_part *part, uint64_t to)
{
	if (!pass->gap.by_glibc)
		return;
	divide(pass, part, to);
	free_chunk(pass, part, to);
}

/* What is free behind all that is held becomes one with the topmost chunk, of which the brk heap
 * keeps little, an arena all. */
static void gaps_end(struct pass *pass, struct atlas_part *part)
{
	const struct gap *gap = &pass->gap;
	uint64_t page = pass->atlas->view->page_size, start, end;

	if (!gap->by_glibc)
		return;
	if (part->kind == KIND_HEAP) {
		divide(pass, part, part->end);
		trim_top(gap->from, part->end, page, &start, &end);
		give_back(pass, part, start, end);
	} else if (gap->top) {
		divide(pass, part, gap->top < part->end ? gap->top : part->end);
	} else if (part->region) {
		gap_end(pass, part, part->end - TRIM_FENCEPOST);
	}
}

/* -- Blocks --------------------------------------------------------------------------------- */

static uint32_t frame_of(const struct atlas *atlas, uint32_t origin)
{
	const struct vmatlas_origin *record = lane_find(atlas->view->origins, origin);

	return record ? record->frame : 0;
}

static bool born_here(const struct atlas *atlas, const struct atlas_part *part, uint32_t birth)
{
	const struct vmatlas_birth *record = lane_find(atlas->view->births, birth);
	const struct atlas_mapping *mapping = part ? &atlas->mapping[part->mapping] : NULL;

	return record && mapping && record->start == mapping->start && record->end == mapping->end;
}

static void count_in_part(struct atlas_part *part, uint64_t size)
{
	if (!part->live_blocks || size < part->smallest)
		part->smallest = size;
	if (size > part->largest)
		part->largest = size;
	part->live_blocks++;
}

/* Resident bytes in this part of the block, which reaches from `start` to `end`. */
static void count_piece(struct pass *pass, struct atlas_part *part, uint64_t start, uint64_t end)
{
	uint64_t stop = end < part->end ? end : part->end, resident;

	resident = block_resident(pass, part, start, stop);
	pass->rest = (struct rest){stop, end};
	part->live_bytes += stop - start;
	part->live_resident += resident;
	add_to(pass, &pass->holder, ATLAS_LIVE_RESIDENT, resident, pass->holder.resident);
	pass->holder.resident += resident;
}

/* A block that has a mapping of its own: who asked for the one, asked for the other. */
static void own_large(
	struct atlas *atlas, struct atlas_part *part, const struct block *block, uint32_t frame)
{
	struct atlas_region *region = part->region ? &atlas->region[part->region - 1] : NULL;

	if (!region || region->kind != KIND_MALLOC_MMAP || region->block != block->address)
		return;
	part->frame = region->frame = frame;
	part->thread = region->thread = block->thread;
	region->time = block->time;
}

/* A block that has a mapping of its own may use it to its end. */
static uint64_t slack_of(
	const struct atlas *atlas, const struct atlas_part *part, const struct block *block)
{
	const struct atlas_region *region = region_of(atlas, part);
	uint64_t end = block->address + block->size;

	if (region && region->kind == KIND_MALLOC_MMAP)
		return region->block == block->address && region->end > end ? region->end - end : 0;
	return part->kind == KIND_HEAP || part->kind == KIND_ARENA ? trim_slack(block->size) : 0;
}

static void count_slack(struct pass *pass, const struct atlas_part *part)
{
	uint64_t slack = slack_of(pass->atlas, part, &pass->block);

	if (!pass->atlas->slack_known)
		return;
	pass->atlas->slack += slack;
	add_to(pass, &pass->holder, ATLAS_SLACK, slack, 0);
}

static void hold(struct pass *pass, uint32_t frame)
{
	struct atlas *atlas = pass->atlas;
	const struct block *block = &pass->block;
	struct atlas_stack *stack =
		view_has_callstack(atlas->view, block) ? atlas_stack_of(atlas, frame) : NULL;

	pass->holder = (struct holder){.size = block->size, .stack = NOBODY};
	if (!stack)
		return;
	pass->holder.stack = (uint32_t)(stack - atlas->stack);
	pass->holder.of = poisson_of(block->size, atlas->view->sample_mean);
	atlas->sum[pass->holder.stack][ATLAS_SAMPLES]++;
	add_to(pass, &pass->holder, ATLAS_LIVE_BLOCKS, 1, 0);
	add_to(pass, &pass->holder, ATLAS_LIVE_BYTES, block->size, 0);
}

static void count_block(struct pass *pass, struct atlas_part *part)
{
	const struct block *block = &pass->block;
	struct atlas *atlas = pass->atlas;
	uint32_t frame = frame_of(atlas, block->origin);
	uint64_t end = block->address + block->size;

	hold(pass, frame);
	if (part) {
		count_in_part(part, block->size);
		own_large(atlas, part, block, frame);
		count_slack(pass, part);
		if (end >= block->address) { /* else somebody wrote over the table */
			gap_end(pass, part, block->address - TRIM_HEADER);
			count_piece(pass, part, block->address, end);
			gap_begin(pass, trim_chunk_end(block->address, block->size));
		}
	} else {
		atlas->unplaced++;
	}
	if (view_has_callstack(atlas->view, block))
		atlas->moved += !born_here(atlas, part, block->mapping);
	atlas->live_blocks++;
	atlas->live_bytes += block->size;
}

static void count_before(struct pass *pass, uint64_t address)
{
	while (pass->more && pass->block.address < address) {
		count_block(pass, NULL);
		pass->more = blocks_next(&pass->cursor, &pass->block);
	}
}

static void count_within(struct pass *pass, struct atlas_part *part)
{
	const struct view *view = pass->atlas->view;
	bool goes_on = pass->rest.end > pass->rest.start && pass->rest.start == part->start;
	bool blocks = goes_on || (pass->more && pass->block.address < part->end);

	if (!blocks && !atlas_owners_is_allocators(part))
		return;
	runs_begin(&pass->runs, view, part->start, part->end);
	gaps_begin(pass, part);
	if (goes_on) {
		part->spanned =
			(pass->rest.end < part->end ? pass->rest.end : part->end) - part->start;
		count_piece(pass, part, part->start, pass->rest.end);
		gap_begin(pass, pass->rest.start);
	}
	while (pass->more && pass->block.address < part->end) {
		count_block(pass, part);
		pass->more = blocks_next(&pass->cursor, &pass->block);
	}
	page_close(pass, part);
	gaps_end(pass, part);
	if (pass->runs.from == UINT64_MAX)
		pass->atlas->pages_known = false;
}

void atlas_blocks_count(struct atlas *atlas)
{
	struct blocks_tables tables = view_tables(atlas->view);
	struct pass pass;

	pass.atlas = atlas;
	pass.page.open = false;
	pass.pinned = 0;
	pass.holder = (struct holder){.stack = NOBODY};
	pass.rest = (struct rest){0, 0};
	pass.gap.held = 0;
	blocks_begin(&pass.cursor, atlas->view->blocks, &tables);
	pass.more = blocks_next(&pass.cursor, &pass.block);
	for (uint32_t i = 0; i < atlas->parts; i++) {
		count_before(&pass, atlas->part[i].start);
		count_within(&pass, &atlas->part[i]);
	}
	count_before(&pass, UINT64_MAX);
	atlas->damaged += pass.cursor.damaged;
}
