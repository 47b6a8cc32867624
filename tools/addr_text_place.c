#include "addr_text_place.h"

#include <string.h>

#include "../preload/core/owner.h"
#include "../preload/core/region.h"
#include "../preload/core/text_column.h"
#include "addr_headline.h"
#include "addr_line.h"

/* -- Who made it ---------------------------------------------------------------------------- */

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
	addr_line_thread(source, text, region->thread);
	addr_line_ago(source, text, region->time);
	text_char(text, '\n');
	addr_line_frames(source, region->frame);
}

static void put_stack_maker(const struct addr_source *source, const struct atlas_region *region)
{
	char name[OWNER_BYTES];
	size_t length = owner_of_thread(&source->report, region->thread, name);
	struct text *text = source->report.text;

	text_str(text, ", the stack of ");
	text_printable(text, name, length);
	text_str(text, ", which was made");
	addr_line_ago(source, text, region->time);
	text_char(text, '\n');
	addr_line_frames(source, region->frame);
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
	addr_line_begin(text, "region");
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

/* -- Of which file -------------------------------------------------------------------------- */

static void put_symbol(struct text *text, const struct addr_symbol *symbol)
{
	if (!symbol->named)
		return;
	addr_line_begin(text, "symbol");
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

static void put_segment(struct text *text, const struct addr_symbol *symbol)
{
	text_str(text, ", segment ");
	text_dec(text, symbol->load->number);
	if (symbol->section) {
		text_char(text, ' ');
		text_printable(text, symbol->section->name, strlen(symbol->section->name));
	}
	text_str(text, symbol->in_file ? ", at byte " : ", in no byte of it: zero when it starts");
	if (symbol->in_file)
		text_put_grouped(text, symbol->file_offset, 0);
}

/* Addresses as readelf(1), nm(1) and addr2line(1) count them. */
static void put_file(struct text *text, const struct addr_symbol *symbol)
{
	if (!symbol->path)
		return;
	addr_line_begin(text, "in file");
	text_str(text, "address ");
	text_address(text, symbol->vaddr);
	if (symbol->load)
		put_segment(text, symbol);
	text_char(text, '\n');
}

/* -- Page and mapping ----------------------------------------------------------------------- */

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
	addr_line_begin(text, "page");
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

	addr_line_begin(text, label);
	put_range(text, row->line.start, row->line.end);
	text_char(text, ' ');
	text_str(text, source->listing->known & LISTING_PERMS ? maps_letters(row->line.perms, perms)
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
	addr_line_begin(text, "part of it");
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
		addr_line_distance(text, "below", answer->address - answer->before->line.end,
			" behind the end of\n");
		put_row(source, "", answer->before);
	}
	if (answer->after) {
		addr_line_distance(text, "above", answer->after->line.start - answer->address,
			" before the start of\n");
		put_row(source, "", answer->after);
	}
}

void addr_text_place(const struct addr_source *source, const struct addr_answer *answer)
{
	struct text *text = source->report.text;

	if (answer->has_region)
		put_region(source, &answer->region);
	put_symbol(text, &answer->symbol);
	put_file(text, &answer->symbol);
	if (!answer->row)
		return put_neighbours(source, answer);
	put_page(text, answer);
	put_row(source, "mapping", answer->row);
	put_part(text, answer);
}
