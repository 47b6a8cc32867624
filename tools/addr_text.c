#include "addr_text.h"

#include <string.h>

#include "../preload/core/freed.h"
#include "../preload/core/owner.h"
#include "../preload/core/place.h"
#include "../preload/core/region.h"
#include "../preload/core/report_text_stacks.h"
#include "../preload/core/text_column.h"
#include "addr_headline.h"

/* The details stand behind labels of so many columns. */
enum { LABEL = 12, INDENT = 16 };

static void begin(struct text *text, const char *label)
{
	text_str(text, "  ");
	text_left(text, label, LABEL);
}

/* -- Who and when --------------------------------------------------------------------------- */

static void put_ago(const struct addr_source *source, struct text *text, uint64_t ticks)
{
	if (!ticks)
		return;
	text_str(text, ", ");
	text_duration(text, view_age_ns(source->view, ticks));
	text_str(text, " ago");
}

static void put_thread(const struct addr_source *source, struct text *text, uint32_t thread)
{
	char name[OWNER_BYTES];
	size_t length = owner_of_thread(&source->report, thread, name);

	if (!length)
		return;
	text_str(text, ", by ");
	text_printable(text, name, length);
}

static void put_frames(const struct addr_source *source, uint32_t frame)
{
	report_text_frames(&source->report, frame, INDENT);
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_block(
	const struct addr_source *source, const char *label, const struct block *block)
{
	struct text *text = source->report.text;

	begin(text, label);
	text_address(text, block->address);
	text_str(text, ", ");
	addr_headline_bytes(text, block->size);
	put_thread(source, text, block->thread);
	put_ago(source, text, block->time);
	text_char(text, '\n');
	put_frames(source, addr_block_frame(source->view, block));
}

/* What a neighbour has to say before all: how far away it is. */
static void put_distance(struct text *text, const char *label, uint64_t bytes, const char *words)
{
	begin(text, label);
	addr_headline_bytes(text, bytes);
	text_str(text, words);
}

static void put_before(const struct addr_source *source, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.before;

	if (!answer->blocks.has_before)
		return;
	put_distance(source->report.text, "before", answer->address - block->address - block->size,
		" behind the end of\n");
	put_block(source, "", block);
}

static void put_after(const struct addr_source *source, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.after;

	if (!answer->blocks.has_after)
		return;
	put_distance(source->report.text, "after", block->address - answer->address,
		" before the start of\n");
	put_block(source, "", block);
}

static void put_blocks(const struct addr_source *source, const struct addr_answer *answer)
{
	switch (answer->what) {
	case ADDR_BLOCK:
		return put_block(source, "block", &answer->blocks.block);
	case ADDR_SLACK:
		return put_block(source, "block", &answer->blocks.before);
	case ADDR_HEADER:
		return put_block(source, "block", &answer->blocks.after);
	case ADDR_GAP:
		put_before(source, answer);
		return put_after(source, answer);
	default:
		return;
	}
}

/* -- What was there before ------------------------------------------------------------------ */

static void put_freed_one(const struct addr_source *source, const struct vmatlas_freed *freed)
{
	struct text *text = source->report.text;

	begin(text, "freed");
	if (freed->call) {
		text_str(text, region_call_name(freed->call));
		text_str(text, " of ");
	}
	text_address(text, freed->address);
	text_str(text, ", ");
	addr_headline_bytes(text, freed->size);
	put_thread(source, text, freed->thread);
	put_ago(source, text, freed->made);
	text_char(text, '\n');
	put_frames(source, freed->frame);
	begin(text, "  by");
	text_str(text, freed_release_name(freed->release));
	put_thread(source, text, freed->freed_thread);
	put_ago(source, text, freed->freed);
	text_char(text, '\n');
	put_frames(source, freed->freed_frame);
}

/* Where nothing is remembered, whether that means something. */
static void put_no_history(const struct addr_source *source, const struct addr_answer *answer)
{
	struct text *text = source->report.text;
	bool asked = answer->what == ADDR_NOTHING || answer->what == ADDR_GAP;

	if (!asked || answer->freed_count)
		return;
	begin(text, "freed");
	if (!source->view->history) {
		text_str(text, "not known: VMATLAS_HISTORY was not set\n");
		return;
	}
	text_str(text, "by none of the last ");
	text_put_grouped(text, lane_count(source->view->freed), 0);
	text_str(text, " frees\n");
}

static void put_freed(const struct addr_source *source, const struct addr_answer *answer)
{
	for (unsigned i = 0; i < answer->freed_count; i++)
		put_freed_one(source, &answer->freed[i]);
	put_no_history(source, answer);
}

/* -- What the kernel and the files know ----------------------------------------------------- */

static void put_range(struct text *text, uint64_t start, uint64_t end)
{
	text_hex(text, start);
	text_char(text, '-');
	text_hex(text, end);
}

static void put_call(const struct addr_source *source, const struct atlas_region *region)
{
	struct text *text = source->report.text;

	if (region->call == VMATLAS_CALL_BEFORE) {
		text_str(text, ", from before the shim\n");
		return;
	}
	text_str(text, ", ");
	text_str(text, region_call_name(region->call));
	put_thread(source, text, region->thread);
	put_ago(source, text, region->time);
	text_char(text, '\n');
	put_frames(source, region->frame);
}

static void put_stack_maker(const struct addr_source *source, const struct atlas_region *region)
{
	char name[OWNER_BYTES];
	size_t length = owner_of_thread(&source->report, region->thread, name);
	struct text *text = source->report.text;

	text_str(text, ", the stack of ");
	text_printable(text, name, length);
	text_str(text, ", which was made");
	put_ago(source, text, region->time);
	text_char(text, '\n');
	put_frames(source, region->frame);
}

static void put_arena(struct text *text, const struct atlas_region *region)
{
	text_str(text, ", arena ");
	text_dec(text, region->arena);
	text_str(text, " of malloc, of which ");
	text_size(text, region->committed);
	text_str(text, " may be used\n");
}

/* What a main stack is, the first line says. */
static void put_region(const struct addr_source *source, const struct atlas_region *region)
{
	struct text *text = source->report.text;

	if (region->kind == KIND_MAIN_STACK)
		return;
	begin(text, "region");
	put_range(text, region->start, region->end);
	text_str(text, ", ");
	text_size(text, region->end - region->start);
	if (region->call)
		put_call(source, region);
	else if (region->kind == KIND_THREAD_STACK)
		put_stack_maker(source, region);
	else if (region->arena)
		put_arena(text, region);
	else
		text_str(text, ", by malloc for one block\n");
}

static void put_symbol(struct text *text, const struct addr_symbol *symbol)
{
	if (!symbol->named)
		return;
	begin(text, "symbol");
	text_printable(text, symbol->name, strlen(symbol->name));
	text_str(text, ", ");
	if (symbol->symbol.size)
		addr_headline_bytes(text, symbol->symbol.size);
	else
		text_str(text, "of unknown size");
	text_str(text, " at ");
	text_address(text, symbol->symbol.start);
	if (symbol->file) {
		text_str(text, "; ");
		text_printable(text, symbol->file, strlen(symbol->file));
		text_char(text, ':');
		text_dec(text, (uint64_t)symbol->line);
	}
	text_char(text, '\n');
}

/* Addresses as readelf(1), nm(1) and addr2line(1) count them. */
static void put_file(struct text *text, const struct addr_symbol *symbol)
{
	if (!symbol->load)
		return;
	begin(text, "in file");
	text_str(text, "address ");
	text_address(text, symbol->vaddr);
	text_str(text, ", segment ");
	text_dec(text, symbol->load->number);
	if (symbol->section) {
		text_char(text, ' ');
		text_printable(text, symbol->section->name, strlen(symbol->section->name));
	}
	text_str(text, symbol->in_file ? ", at byte " : ", in no byte of it: zero when it starts");
	if (symbol->in_file)
		text_put_grouped(text, symbol->file_offset, 0);
	text_char(text, '\n');
}

static void put_page_state(struct text *text, const struct addr_page *page)
{
	uint32_t state = page->state;

	if (!state)
		text_str(text, "not in memory");
	else if (state & VIEW_ZERO)
		text_str(text, "the shared page of zeros: read, and never written");
	else
		text_str(text, state & VIEW_PRESENT ? "in memory" : "swapped out");
	if (state & VIEW_HUGE)
		text_str(text, ", part of a huge page");
	if (page->dirty == ADDR_DIRTY)
		text_str(text, ", dirty");
	if (page->dirty == ADDR_CLEAN)
		text_str(text, ", clean");
}

static void put_page(struct text *text, const struct addr_answer *answer)
{
	const struct addr_page *page = &answer->page;

	if (!page->known)
		return;
	begin(text, "page");
	text_hex(text, page->start);
	text_char(text, ' ');
	put_page_state(text, page);
	if (answer->what == ADDR_GAP && page->state & VIEW_PRESENT)
		text_str(text, ": retained by malloc");
	text_char(text, '\n');
}

static void put_purpose(struct text *text, enum kind kind, const char *owner)
{
	text_str(text, ", ");
	text_str(text, kind_name(kind));
	if (!owner)
		return;
	text_str(text, "  ");
	text_printable(text, owner, strlen(owner));
}

static void put_row(
	const struct addr_source *source, const char *label, const struct listing_row *row)
{
	struct text *text = source->report.text;
	char perms[5];

	begin(text, label);
	put_range(text, row->line.start, row->line.end);
	text_char(text, ' ');
	text_str(text, source->listing->known & LISTING_PERMS
			       ? listing_perms(row->line.perms, perms)
			       : "????");
	text_char(text, ' ');
	text_size(text, row->line.end - row->line.start);
	if (row->line.path_length) {
		text_str(text, "  ");
		text_printable(text, row->line.path, row->line.path_length);
	}
	put_purpose(text, row->kind, row->owner);
	text_char(text, '\n');
}

/* Where the kernel has merged what is for different things. */
static void put_part(struct text *text, const struct addr_answer *answer)
{
	const struct atlas_part *part = answer->part;

	if (!part || (part->start == answer->row->line.start && part->end == answer->row->line.end))
		return;
	begin(text, "part of it");
	put_range(text, part->start, part->end);
	text_char(text, ' ');
	text_size(text, part->end - part->start);
	put_purpose(text, answer->shown.kind, answer->shown.owner);
	text_char(text, '\n');
}

static void put_neighbours(const struct addr_source *source, const struct addr_answer *answer)
{
	struct text *text = source->report.text;

	if (answer->before) {
		put_distance(text, "below", answer->address - answer->before->line.end,
			" behind the end of\n");
		put_row(source, "", answer->before);
	}
	if (answer->after) {
		put_distance(text, "above", answer->after->line.start - answer->address,
			" before the start of\n");
		put_row(source, "", answer->after);
	}
}

/* -- The whole ------------------------------------------------------------------------------ */

void addr_text(const struct addr_source *source, const struct addr_answer *answer)
{
	struct text *text = source->report.text;

	addr_headline(text, answer);
	if (source->view) {
		put_blocks(source, answer);
		put_freed(source, answer);
		if (answer->has_region)
			put_region(source, &answer->region);
	}
	put_symbol(text, &answer->symbol);
	put_file(text, &answer->symbol);
	if (!answer->row)
		return put_neighbours(source, answer);
	put_page(text, answer);
	put_row(source, "mapping", answer->row);
	put_part(text, answer);
}
