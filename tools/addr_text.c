#include "addr_text.h"

#include "../preload/core/freed.h"
#include "../preload/core/region.h"
#include "../preload/core/text_column.h"
#include "addr_headline.h"
#include "addr_line.h"
#include "addr_text_place.h"

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_block(
	const struct addr_source *source, const char *label, const struct block *block)
{
	struct text *text = source->report.text;

	addr_line_begin(text, label);
	text_address(text, block->address);
	text_str(text, ", ");
	addr_headline_bytes(text, block->size);
	addr_line_thread(source, text, block->thread);
	addr_line_ago(source, text, block->time);
	text_char(text, '\n');
	addr_line_maker(source, block);
}

static void put_before(const struct addr_source *source, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.before;

	if (!answer->blocks.has_before)
		return;
	addr_line_distance(source->report.text, "before",
		answer->address - block->address - block->size, " behind the end of\n");
	put_block(source, "", block);
}

static void put_after(const struct addr_source *source, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.after;

	if (!answer->blocks.has_after)
		return;
	addr_line_distance(source->report.text, "after", block->address - answer->address,
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

	addr_line_begin(text, "freed");
	if (freed->call) {
		text_str(text, region_call_name(freed->call));
		text_str(text, " of ");
	}
	text_address(text, freed->address);
	text_str(text, ", ");
	addr_headline_bytes(text, freed->size);
	addr_line_thread(source, text, freed->thread);
	addr_line_ago(source, text, freed->made);
	text_char(text, '\n');
	addr_line_frames(source, freed->frame);
	addr_line_begin(text, "  by");
	text_str(text, freed_release_name(freed->release));
	addr_line_thread(source, text, freed->freed_thread);
	addr_line_ago(source, text, freed->freed);
	text_char(text, '\n');
	addr_line_frames(source, freed->freed_frame);
}

/* Where nothing is remembered, whether that means something. */
static void put_no_history(const struct addr_source *source, const struct addr_answer *answer)
{
	struct text *text = source->report.text;
	bool asked = answer->what == ADDR_NOTHING || answer->what == ADDR_GAP;

	if (!asked || answer->freed_count)
		return;
	addr_line_begin(text, "freed");
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

/* A stack that the program made itself, of a block say, is both. */
static void put_stack(struct text *text, const struct addr_answer *answer)
{
	if (!answer->stack.on || answer->what == ADDR_STACK)
		return;
	addr_line_begin(text, "stack");
	addr_headline_stack(text, answer);
	text_char(text, '\n');
}

/* -- The whole ------------------------------------------------------------------------------ */

void addr_text(const struct addr_source *source, const struct addr_answer *answer)
{
	addr_headline(source->report.text, answer);
	if (source->view) {
		put_blocks(source, answer);
		put_freed(source, answer);
	}
	put_stack(source->report.text, answer);
	addr_text_place(source, answer);
}
