#include "addr_headline.h"

#include <string.h>

#include "../preload/core/region.h"
#include "../preload/core/text_column.h"
#include "maps_explain.h"

void addr_headline_bytes(struct text *text, uint64_t bytes)
{
	text_put_grouped(text, bytes, 0);
	text_str(text, bytes == 1 ? " byte" : " bytes");
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_block_of(struct text *text, const char *words, uint64_t size)
{
	text_str(text, words);
	text_str(text, "block of ");
	addr_headline_bytes(text, size);
}

static void put_block(struct text *text, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.block;
	uint64_t offset = answer->address - block->address;

	if (!offset) {
		put_block_of(text, "the start of a live ", block->size);
		return;
	}
	addr_headline_bytes(text, offset);
	put_block_of(text, " into a live ", block->size);
}

static void put_slack(struct text *text, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.before;
	uint64_t behind = answer->address - block->address - block->size;

	if (behind)
		addr_headline_bytes(text, behind);
	put_block_of(
		text, behind ? " behind the end of a live " : "right behind a live ", block->size);
	text_str(text, ", in what malloc rounded it up to");
}

static void put_header(struct text *text, const struct addr_answer *answer)
{
	const struct block *block = &answer->blocks.after;

	addr_headline_bytes(text, block->address - answer->address);
	put_block_of(text, " before a live ", block->size);
	text_str(text, ": its header");
}

static void put_gap(struct text *text, const struct addr_answer *answer)
{
	text_str(text, "in malloc's memory, in no live block");
	if (!answer->freed_count)
		return;
	put_block_of(text, "; last in a ", answer->freed[0].size);
	text_str(text, " that was freed");
}

/* -- The rest ------------------------------------------------------------------------------- */

static void put_whose(struct text *text, const struct addr_stack *stack)
{
	if (stack->main) {
		text_str(text, "the main stack");
		return;
	}
	text_str(text, "the stack of ");
	if (!stack->tid) {
		text_str(text, "a thread");
		return;
	}
	text_str(text, "thread ");
	text_dec(text, stack->tid);
	if (stack->name[0])
		text_char(text, ' ');
	text_printable(text, stack->name, strlen(stack->name));
}

void addr_headline_stack(struct text *text, const struct addr_answer *answer)
{
	const struct addr_stack *stack = &answer->stack;

	text_str(text, "on ");
	put_whose(text, stack);
	if (!stack->top)
		return;
	text_str(text, ", ");
	addr_headline_bytes(text, stack->top - answer->address);
	text_str(text, stack->exact ? " below its top" : " below the end of its mapping");
}

static void put_guard(struct text *text, const struct addr_answer *answer)
{
	text_str(text, "in the guard below ");
	put_whose(text, &answer->stack);
}

static void put_symbol(struct text *text, const struct addr_answer *answer)
{
	const struct addr_symbol *symbol = &answer->symbol;
	uint64_t offset = symbol->vaddr - symbol->symbol.start;

	text_printable(text, symbol->name, strlen(symbol->name));
	if (offset) {
		text_str(text, " + ");
		text_put_grouped(text, offset, 0);
	}
	text_str(text, symbol->symbol.variable ? ", a variable of " : ", a function of ");
	text_printable(text, symbol->path, symbol->path_length);
}

static void put_region(struct text *text, const struct addr_answer *answer)
{
	const struct atlas_region *region = &answer->region;
	uint64_t offset = answer->address - region->start;

	if (offset)
		addr_headline_bytes(text, offset);
	text_str(text, offset ? " into " : "the start of ");
	addr_headline_bytes(text, region->end - region->start);
	text_str(text, " that were mapped, by ");
	text_str(text, region_call_name(region->call));
}

static void put_nothing(struct text *text, const struct addr_answer *answer)
{
	const struct vmatlas_freed *freed = &answer->freed[0];

	text_str(text, "in no mapping");
	if (!answer->freed_count)
		return;
	if (freed->call) {
		text_str(text, "; last in ");
		addr_headline_bytes(text, freed->size);
		text_str(text, " that were mapped, and unmapped");
		return;
	}
	put_block_of(text, "; last in a ", freed->size);
	text_str(text, " that was freed");
}

void addr_headline(struct text *text, const struct addr_answer *answer)
{
	text_address(text, answer->address);
	text_str(text, ": ");
	switch (answer->what) {
	case ADDR_NOTHING:
		put_nothing(text, answer);
		break;
	case ADDR_MAPPED:
		maps_explain_purpose(text, &answer->shown);
		break;
	case ADDR_BLOCK:
		put_block(text, answer);
		break;
	case ADDR_SLACK:
		put_slack(text, answer);
		break;
	case ADDR_HEADER:
		put_header(text, answer);
		break;
	case ADDR_GAP:
		put_gap(text, answer);
		break;
	case ADDR_STACK:
		addr_headline_stack(text, answer);
		break;
	case ADDR_GUARD:
		put_guard(text, answer);
		break;
	case ADDR_SYMBOL:
		put_symbol(text, answer);
		break;
	case ADDR_REGION:
		put_region(text, answer);
		break;
	}
	text_char(text, '\n');
}
