/* Parts of mappings, what lies in them, and in detail blocks and pages; see html_moment.h. */
#include "../preload/core/owner.h"
#include "../preload/core/region.h"
#include "../preload/core/runs.h"
#include "export_samples.h"
#include "html_moment.h"

/* -- Parts ---------------------------------------------------------------------------------- */

/* What one call made there, as `vmatlas addr` tells it. */
static bool find_region(const struct export_process *process, const struct atlas_part *part,
	struct atlas_region *region)
{
	struct vmatlas_region call;

	*region = (struct atlas_region){.start = 0};
	if (part->region) {
		*region = process->atlas.region[part->region - 1];
		return true;
	}
	if (!region_holding(process->view.regions, part->start, &call))
		return false;
	*region = (struct atlas_region){
		.start = call.start,
		.end = call.end,
		.time = call.time,
		.kind = part->kind,
		.call = (uint8_t)call.call,
		.thread = call.thread,
		.frame = call.frame,
	};
	return true;
}

static void put_region(
	struct html_moment *moment, struct sheet *sheet, const struct atlas_part *part)
{
	const struct view *view = &moment->process->view;
	struct atlas_region region;
	bool known = find_region(moment->process, part, &region);
	uint32_t tid = view_tid(view, region.thread);

	sheet_put_known(sheet, region.start, known);
	sheet_put_known(sheet, region.end, known);
	sheet_put(sheet, known ? html_moment_string(moment, kind_name((enum kind)region.kind)) : 0);
	sheet_put(
		sheet, region.call ? html_moment_string(moment, region_call_name(region.call)) : 0);
	sheet_put(sheet, region.frame);
	sheet_put_known(sheet, tid, tid != 0);
	sheet_put_known(sheet, html_moment_time(moment, region.time), region.time != 0);
	sheet_put_known(sheet, region.arena, region.arena != 0);
	sheet_put_known(sheet, region.committed, region.arena != 0);
}

static void put_part(struct html_moment *moment, struct sheet *sheet, const struct atlas_part *part)
{
	const struct export_process *process = moment->process;
	char owner[OWNER_BYTES];
	size_t length = owner_of_part(&process->report, part, owner);

	sheet_put(sheet, part->start);
	sheet_put(sheet, part->end);
	sheet_put(sheet, html_moment_string(moment, kind_name((enum kind)part->kind)));
	sheet_put(sheet, html_moment_word(moment, owner, length));
	sheet_put(sheet, atlas_row_of(&process->atlas, part));
	sheet_put(sheet, part->owner == ATLAS_OWNER_CALL ? part->frame : 0);
	put_region(moment, sheet, part);
}

static void put_parts(struct html_moment *moment)
{
	static const char *const columns[] = {"start", "end", "kind", "owner", "row", "frame",
		"region_start", "region_end", "region_kind", "call", "region_frame", "tid", "time",
		"arena", "committed", NULL};
	const struct atlas *atlas = &moment->process->atlas;
	struct sheet sheet;

	sheet_begin(&sheet, "parts", columns);
	for (uint32_t i = 0; i < atlas->parts; i++)
		put_part(moment, &sheet, &atlas->part[i]);
	html_moment_sheet(moment, &sheet);
}

/* -- Samples -------------------------------------------------------------------------------- */

static void put_sample(struct sheet *sheet, const struct export_sample *sample)
{
	sheet_put(sheet, sample->frame);
	sheet_put(sheet, sample->part);
	sheet_put(sheet, sample->mapping);
	sheet_put(sheet, sample->what);
	sheet_put(sheet, sample->row);
	for (int value = 0; value < EXPORT_VALUES; value++)
		sheet_put(sheet, sample->figures.value[value]);
}

static void put_samples(struct html_moment *moment)
{
	/* Those behind `row` in the order of enum export_value. */
	static const char *const columns[] = {"frame", "part", "mapping", "what", "row",
		"live_bytes", "live_blocks", "resident", "pinned", "retained", "allocated_bytes",
		"allocations", NULL};
	const struct export_by by = {.kind = true, .place = true};
	struct export_samples samples;
	struct sheet sheet;
	int error = export_samples_make(&samples, moment->process, &by);

	sheet_begin(&sheet, "samples", columns);
	for (uint32_t number = 1; !error && number <= samples.pool.count; number++)
		put_sample(&sheet, pool_at(&samples.pool, number));
	moment->error = moment->error ? moment->error : error;
	html_moment_sheet(moment, &sheet);
	export_samples_free(&samples);
}

void html_memory(struct html_moment *moment)
{
	put_parts(moment);
	put_samples(moment);
}

/* -- Blocks and pages ----------------------------------------------------------------------- */

static void put_block(
	const struct html_moment *moment, struct sheet *sheet, const struct block *block)
{
	const struct export_process *process = moment->process;
	uint32_t tid = view_tid(&process->view, block->thread);

	sheet_put(sheet, block->address);
	sheet_put(sheet, block->size);
	sheet_put(sheet, report_block_frame(&process->report, block));
	sheet_put_known(sheet, tid, tid != 0);
	sheet_put_known(sheet, html_moment_time(moment, block->time), block->time != 0);
	sheet_put(sheet, view_has_callstack(&process->view, block));
}

static void put_blocks(struct html_moment *moment)
{
	static const char *const columns[] = {
		"address", "size", "frame", "tid", "time", "sampled", NULL};
	struct blocks_tables tables = view_tables(&moment->process->view);
	struct blocks_cursor cursor;
	struct block block;
	struct sheet sheet;

	sheet_begin(&sheet, "blocks", columns);
	blocks_begin(&cursor, moment->process->view.blocks, &tables);
	while (blocks_next(&cursor, &block))
		put_block(moment, &sheet, &block);
	html_moment_sheet(moment, &sheet);
}

static void put_pages(struct html_moment *moment)
{
	static const char *const columns[] = {"start", "end", "state", NULL};
	const struct atlas *atlas = &moment->process->atlas;
	const struct view_run *run;
	struct sheet sheet;
	struct runs runs;

	sheet_begin(&sheet, "pages", columns);
	for (uint32_t i = 0; i < atlas->mappings && atlas->pages_known; i++) {
		const struct atlas_mapping *mapping = &atlas->mapping[i];

		runs_begin(&runs, atlas->view, mapping->start, mapping->end);
		for (; (run = runs_at(&runs)); runs.next++) {
			sheet_put(&sheet, run->start);
			sheet_put(&sheet, run->end);
			sheet_put(&sheet, run->state);
		}
	}
	html_moment_sheet(moment, &sheet);
}

void html_ground(struct html_moment *moment)
{
	put_blocks(moment);
	put_pages(moment);
}
