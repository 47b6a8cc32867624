#include "top_stack.h"

#include <stdlib.h>
#include <string.h>

#include "../preload/core/place.h"
#include "../preload/core/report_text_stacks.h"
#include "../preload/core/text_column.h"
#include "top_cell.h"

/* So many mappings are named, those with most bytes. */
enum { PLACES = 4, LABEL = 11, INDENT = 2 };

/* What its blocks are like. */
struct blocks_of {
	uint64_t count, smallest, largest, oldest, youngest; /* times in ticks */
	uint64_t *bytes;                                     /* by mapping; NULL without memory */
};

static uint32_t frame_of(const struct view *view, const struct block *block)
{
	const struct vmatlas_origin *origin = lane_find(view->origins, block->origin);

	return origin ? origin->frame : 0;
}

static void add_block(
	struct blocks_of *blocks, const struct atlas *atlas, const struct block *block)
{
	const struct atlas_mapping *mapping = atlas_find(atlas, block->address);

	if (!blocks->count || block->size < blocks->smallest)
		blocks->smallest = block->size;
	if (block->size > blocks->largest)
		blocks->largest = block->size;
	if (block->time && (!blocks->oldest || block->time < blocks->oldest))
		blocks->oldest = block->time;
	if (block->time > blocks->youngest)
		blocks->youngest = block->time;
	if (mapping && blocks->bytes)
		blocks->bytes[mapping - atlas->mapping] += block->size;
	blocks->count++;
}

static struct blocks_of find_blocks(const struct top_moment *moment, uint32_t frame)
{
	struct blocks_tables tables = view_tables(&moment->view);
	struct blocks_of blocks = {.bytes = calloc(moment->atlas.mappings + 1, sizeof(uint64_t))};
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, moment->view.blocks, &tables);
	while (blocks_next(&cursor, &block))
		if (view_has_callstack(&moment->view, &block) &&
			frame_of(&moment->view, &block) == frame)
			add_block(&blocks, &moment->atlas, &block);
	return blocks;
}

static void put_label(struct text *text, const char *label)
{
	text_repeat(text, ' ', INDENT);
	text_left(text, label, LABEL);
}

/* -- Figures -------------------------------------------------------------------------------- */

static void put_bytes(struct text *text, const struct top_moment *moment, const char *label,
	uint64_t bytes, uint64_t error)
{
	put_label(text, label);
	text_size(text, bytes);
	report_text_size_error(text, &moment->atlas, error);
}

static void put_count(struct text *text, const struct top_moment *moment, uint64_t count,
	uint64_t error, const char *noun)
{
	text_str(text, " in ");
	text_put_grouped(text, count, 0);
	report_text_count_error(text, &moment->atlas, error);
	text_char(text, ' ');
	text_str(text, noun);
	text_str(text, count == 1 ? "\n" : "s\n");
}

static void put_held(struct text *text, const struct top_moment *moment,
	const struct atlas_stack *stack, int64_t growth)
{
	const struct atlas *atlas = &moment->atlas;

	put_bytes(text, moment, "live", stack->live_bytes, stack->error[ATLAS_LIVE_BYTES]);
	text_str(text, ", ");
	text_percent(text, stack->live_bytes, atlas->live_bytes);
	text_str(text, " of all,");
	put_count(text, moment, stack->live_blocks, stack->error[ATLAS_LIVE_BLOCKS], "block");
	put_label(text, "growth");
	top_cell_put_growth(text, growth);
	text_char(text, '\n');
	if (atlas->pages_known) {
		put_bytes(text, moment, "resident", stack->live_resident,
			stack->error[ATLAS_LIVE_RESIDENT]);
		text_str(text, ", and pins ");
		text_size(text, stack->pinned);
		report_text_size_error(text, atlas, stack->error[ATLAS_PINNED]);
		text_char(text, '\n');
	}
	put_bytes(
		text, moment, "ever", stack->allocated_bytes, stack->error[ATLAS_ALLOCATED_BYTES]);
	put_count(text, moment, stack->allocations, stack->error[ATLAS_ALLOCATIONS], "allocation");
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_ages(
	struct text *text, const struct top_moment *moment, const struct blocks_of *blocks)
{
	if (!blocks->oldest)
		return;
	put_label(text, "ages");
	text_str(text, "oldest ");
	text_duration(text, view_age_ns(&moment->view, blocks->oldest));
	text_str(text, ", youngest ");
	text_duration(text, view_age_ns(&moment->view, blocks->youngest));
	text_char(text, '\n');
}

static uint32_t take_largest(struct blocks_of *blocks, uint32_t mappings, uint64_t *bytes)
{
	uint32_t largest = 0;

	for (uint32_t i = 1; i < mappings; i++)
		if (blocks->bytes[i] > blocks->bytes[largest])
			largest = i;
	*bytes = blocks->bytes[largest];
	blocks->bytes[largest] = 0;
	return largest;
}

static void put_place(struct text *text, const struct top_moment *moment, uint32_t index)
{
	const struct atlas_mapping *mapping = &moment->atlas.mapping[index];
	size_t length;
	const char *path = report_path(&moment->report, mapping, &length);

	text_str(text, length ? "" : kind_name((enum kind)mapping->kind));
	text_printable(text, path, length);
	text_char(text, ' ');
	text_hex(text, mapping->start);
}

static void put_places(struct text *text, const struct top_moment *moment, struct blocks_of *blocks)
{
	uint64_t bytes;

	for (unsigned i = 0; i < PLACES && blocks->bytes && moment->atlas.mappings; i++) {
		uint32_t index = take_largest(blocks, moment->atlas.mappings, &bytes);

		if (!bytes)
			return;
		put_label(text, i ? "" : "in");
		put_place(text, moment, index);
		text_str(text, ": ");
		text_size(text, bytes);
		text_char(text, '\n');
	}
}

/* Where call stacks are sampled, these are of the samples alone, and say so. */
static void put_blocks(struct text *text, struct top_moment *moment, uint32_t frame)
{
	struct blocks_of blocks = find_blocks(moment, frame);

	if (blocks.count) {
		put_label(text, moment->view.sample_mean ? "samples" : "blocks");
		text_str(text, "smallest ");
		text_put_grouped(text, blocks.smallest, 0);
		text_str(text, ", largest ");
		text_put_grouped(text, blocks.largest, 0);
		text_str(text, " bytes\n");
		put_ages(text, moment, &blocks);
		put_places(text, moment, &blocks);
	}
	free(blocks.bytes);
}

/* -- The whole ------------------------------------------------------------------------------ */

static const struct atlas_stack *stack_of(const struct atlas *atlas, uint32_t frame)
{
	uint32_t place = frame <= atlas->frames ? atlas->stack_of[frame] : 0;

	return place ? &atlas->stack[place - 1] : NULL;
}

void top_stack_put(struct text *text, struct top_moment *moment, uint32_t frame, int64_t growth)
{
	const struct report_options all = {.depth = PLACE_DEPTH};
	const struct atlas_stack *stack = stack_of(&moment->atlas, frame);
	struct report report = moment->report;

	text_str(text, "Call stack ");
	text_dec(text, frame);
	if (stack && stack->live_blocks) {
		text_str(text, ", number ");
		text_dec(text, stack->rank);
		text_str(text, " by live bytes");
	}
	text_char(text, '\n');
	if (stack)
		put_held(text, moment, stack, growth);
	if (stack)
		put_blocks(text, moment, frame);
	text_str(text, "\nFrames, innermost first\n");
	report.text = text;
	report.options = &all;
	report_text_frames(&report, frame, INDENT);
}
