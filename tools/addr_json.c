#include "addr_json.h"

#include <string.h>

#include "../preload/core/freed.h"
#include "../preload/core/region.h"
#include "../preload/core/report_json_stacks.h"
#include "maps_json.h"

static void put_nil(struct json *json, const char *key)
{
	json_key(json, key);
	json_nil(json);
}

static void put_known(struct json *json, const char *key, uint64_t value, bool known)
{
	if (known)
		json_put_number(json, key, value);
	else
		put_nil(json, key);
}

static void put_time(
	struct json *json, const struct addr_source *source, const char *key, uint64_t ticks)
{
	put_known(json, key, view_time_ns(source->view, ticks), ticks != 0);
}

static void put_thread(
	struct json *json, const struct addr_source *source, const char *key, uint32_t thread)
{
	uint32_t tid = view_tid(source->view, thread);

	put_known(json, key, tid, tid != 0);
}

/* -- Blocks and regions --------------------------------------------------------------------- */

static void put_block(struct json *json, const struct addr_source *source, const char *key,
	const struct block *block, bool known)
{
	if (!known) {
		put_nil(json, key);
		return;
	}
	json_put_object(json, key);
	json_put_address(json, "address", block->address);
	json_put_number(json, "size", block->size);
	put_thread(json, source, "tid", block->thread);
	put_time(json, source, "time_ns", block->time);
	if (source->view->sample_mean)
		json_put_bool(json, "sampled", block->origin != 0);
	report_json_frames(&source->report, json, addr_block_frame(source->view, block));
	json_object_end(json);
}

static void put_blocks(
	struct json *json, const struct addr_source *source, const struct addr_answer *answer)
{
	const struct addr_blocks *blocks = &answer->blocks;

	put_known(json, "offset", answer->address - blocks->block.address, blocks->held);
	put_block(json, source, "block", &blocks->block, blocks->held);
	put_block(json, source, "block_before", &blocks->before, blocks->has_before);
	put_block(json, source, "block_after", &blocks->after, blocks->has_after);
}

static void put_region(
	struct json *json, const struct addr_source *source, const struct addr_answer *answer)
{
	const struct atlas_region *region = &answer->region;

	if (!answer->has_region) {
		put_nil(json, "region");
		return;
	}
	json_put_object(json, "region");
	json_put_address(json, "start", region->start);
	json_put_address(json, "end", region->end);
	json_put_string(json, "kind", kind_name((enum kind)region->kind));
	json_put_string(json, "call", region->call ? region_call_name(region->call) : NULL);
	put_known(json, "arena", region->arena, region->arena != 0);
	put_known(json, "committed", region->committed, region->arena != 0);
	put_thread(json, source, "tid", region->thread);
	put_time(json, source, "time_ns", region->time);
	report_json_frames(&source->report, json, region->frame);
	json_object_end(json);
}

static void put_part(struct json *json, const struct addr_answer *answer)
{
	const struct atlas_part *part = answer->part;

	if (!part) {
		put_nil(json, "part");
		return;
	}
	json_put_object(json, "part");
	json_put_address(json, "start", part->start);
	json_put_address(json, "end", part->end);
	json_put_string(json, "kind", kind_name(answer->shown.kind));
	json_put_string(json, "owner", answer->shown.owner);
	json_object_end(json);
}

static void put_freed_one(
	struct json *json, const struct addr_source *source, const struct vmatlas_freed *freed)
{
	json_object_begin(json);
	json_put_address(json, "address", freed->address);
	json_put_number(json, "size", freed->size);
	json_put_string(json, "call", freed->call ? region_call_name(freed->call) : NULL);
	put_thread(json, source, "tid", freed->thread);
	put_time(json, source, "time_ns", freed->made);
	report_json_frames(&source->report, json, freed->frame);
	json_put_object(json, "freed");
	json_put_string(json, "call", freed_release_name(freed->release));
	put_thread(json, source, "tid", freed->freed_thread);
	put_time(json, source, "time_ns", freed->freed);
	report_json_frames(&source->report, json, freed->freed_frame);
	json_object_end(json);
	json_object_end(json);
}

/* null without a history: nobody knows whether there were any. */
static void put_freed(
	struct json *json, const struct addr_source *source, const struct addr_answer *answer)
{
	if (!source->view->history) {
		put_nil(json, "former");
		return;
	}
	json_put_array(json, "former");
	for (unsigned i = 0; i < answer->freed_count; i++)
		put_freed_one(json, source, &answer->freed[i]);
	json_array_end(json);
}

/* -- The rest ------------------------------------------------------------------------------- */

static void put_stack(struct json *json, const struct addr_answer *answer)
{
	const struct addr_stack *stack = &answer->stack;

	if (!stack->on && !stack->guard) {
		put_nil(json, "stack");
		return;
	}
	json_put_object(json, "stack");
	json_put_bool(json, "main", stack->main);
	json_put_bool(json, "guard", stack->guard);
	put_known(json, "tid", stack->tid, stack->tid != 0);
	json_put_string(json, "name", stack->name[0] ? stack->name : NULL);
	put_known(json, "depth", stack->top - answer->address, stack->top != 0);
	json_put_bool(json, "exact", stack->exact);
	json_object_end(json);
}

static void put_symbol(struct json *json, const struct addr_symbol *symbol)
{
	if (!symbol->named) {
		put_nil(json, "symbol");
		return;
	}
	json_put_object(json, "symbol");
	json_put_string(json, "name", symbol->name);
	json_put_string(json, "mangled", symbol->symbol.name);
	json_put_string(json, "type", symbol->symbol.variable ? "variable" : "function");
	json_put_number(json, "offset", symbol->vaddr - symbol->symbol.start);
	put_known(json, "size", symbol->symbol.size, symbol->symbol.size != 0);
	json_put_string(json, "file", symbol->file);
	put_known(json, "line", (uint64_t)symbol->line, symbol->line > 0);
	json_object_end(json);
}

static void put_module(struct json *json, const struct addr_symbol *symbol)
{
	if (!symbol->path) {
		put_nil(json, "module");
		return;
	}
	json_put_object(json, "module");
	json_put_bytes(json, "path", symbol->path, symbol->path_length);
	json_put_address(json, "bias", symbol->bias);
	json_put_address(json, "vaddr", symbol->vaddr);
	put_known(json, "segment", symbol->load ? symbol->load->number : 0, symbol->load);
	json_put_string(json, "section", symbol->section ? symbol->section->name : NULL);
	put_known(json, "file_offset", symbol->file_offset, symbol->in_file);
	json_object_end(json);
}

static void put_page(struct json *json, const struct addr_page *page)
{
	if (!page->known) {
		put_nil(json, "page");
		return;
	}
	json_put_object(json, "page");
	json_put_address(json, "start", page->start);
	json_put_number(json, "size", page->size);
	json_put_bool(json, "resident", page->state & VIEW_PRESENT);
	json_put_bool(json, "swapped", page->state & VIEW_SWAPPED);
	json_key(json, "huge");
	if (page->by_entry)
		json_nil(json);
	else
		json_bool(json, page->state & VIEW_HUGE);
	json_key(json, "zero");
	if (page->by_entry)
		json_nil(json);
	else
		json_bool(json, page->state & VIEW_ZERO);
	json_key(json, "dirty");
	if (page->dirty == ADDR_DIRTY_UNKNOWN)
		json_nil(json);
	else
		json_bool(json, page->dirty == ADDR_DIRTY);
	json_object_end(json);
}

static void put_row(struct json *json, const struct addr_source *source, const char *key,
	const struct listing_row *row)
{
	const struct maps_view view = {.listing = source->listing, .text = json->text};

	json_key(json, key);
	if (row)
		maps_json_row(json, &view, row);
	else
		json_nil(json);
}

/* -- The whole ------------------------------------------------------------------------------ */

void addr_json_begin(struct json *json, const struct addr_source *source)
{
	const struct maps_view view = {.listing = source->listing, .text = source->report.text};

	maps_json_begin(json, &view);
	json_put_bool(json, "shim", source->view);
	put_known(json, "history", source->view ? source->view->history : 0, source->view);
	put_known(json, "time_ns", source->view ? source->view->now.realtime_ns : 0, source->view);
	json_put_array(json, "addresses");
}

void addr_json(
	struct json *json, const struct addr_source *source, const struct addr_answer *answer)
{
	json_line(json);
	json_object_begin(json);
	json_put_address(json, "address", answer->address);
	json_put_string(json, "what", addr_answer_word(answer->what));
	if (source->view) {
		put_blocks(json, source, answer);
		put_part(json, answer);
		put_region(json, source, answer);
		put_freed(json, source, answer);
	}
	put_stack(json, answer);
	put_symbol(json, &answer->symbol);
	put_module(json, &answer->symbol);
	put_page(json, &answer->page);
	put_row(json, source, "mapping", answer->row);
	put_row(json, source, "mapping_below", answer->before);
	put_row(json, source, "mapping_above", answer->after);
	json_object_end(json);
}

void addr_json_end(struct json *json)
{
	json_line(json);
	json_array_end(json);
	json_object_end(json);
	text_char(json->text, '\n');
}
