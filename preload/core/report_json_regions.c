#include "report_json_regions.h"
#include "atlas_sums.h"
#include "owner.h"
#include "region.h"

/* -- Regions -------------------------------------------------------------------------------- */

/* What the region is for is what its memory is for; where that is gone, its call tells. */
static enum kind kind_of_region(
	const struct atlas *atlas, const struct atlas_region *region, uint64_t start)
{
	const struct atlas_part *part = atlas_part_find(atlas, start);

	if (region->kind != KIND_OTHER)
		return (enum kind)region->kind;
	return part ? (enum kind)part->kind : KIND_OTHER;
}

static void put_call(struct report_json *self, const struct atlas_region *region)
{
	json_key(&self->json, "call");
	if (region->call)
		json_str(&self->json, region_call_name(region->call));
	else
		json_nil(&self->json);
}

static void put_sums(struct report_json *self, const struct atlas_sums *sums)
{
	bool known = self->report.atlas->pages_known;

	report_json_known(self, "rss", sums->rss, known);
	json_put_number(&self->json, "live_blocks", sums->live_blocks);
	json_put_number(&self->json, "live_bytes", sums->live_bytes);
	report_json_known(self, "live_resident", sums->live_resident, known);
	report_json_known(self, "retained", sums->retained, known);
	report_json_known(self, "trimmable", sums->trimmable, known);
	report_json_known(self, "pinned", sums->pinned, known);
}

static void put_region(
	struct report_json *self, const struct atlas_region *region, const struct view_range *range)
{
	const struct report *report = &self->report;
	struct json *json = &self->json;
	uint32_t tid = view_tid(report->view, region->thread);
	struct atlas_sums sums = {0};
	char owner[OWNER_BYTES];

	atlas_sums_add(&sums, report->atlas, region, range);
	json_line(json);
	json_object_begin(json);
	json_put_address(json, "start", range->start);
	json_put_address(json, "end", range->end);
	json_put_number(json, "size", range->end - range->start);
	json_put_string(
		json, "kind", kind_name(kind_of_region(report->atlas, region, range->start)));
	put_call(self, region);
	report_json_owner(self, owner, owner_of_region(report, region, owner));
	report_json_refer(self, "callstack", region->frame);
	json_put_number(json, "tid", tid);
	json_put_number(json, "time_ns", view_time_ns(report->view, region->time));
	put_sums(self, &sums);
	json_object_end(json);
}

/* What was unmapped behind our back is no part of it any more. */
static void put_pieces(struct report_json *self, const struct atlas_region *region)
{
	uint64_t from = region->start;
	struct view_range piece;

	while (atlas_mapped(self->report.atlas, &from, region->end, &piece))
		put_region(self, region, &piece);
}

void report_json_regions(struct report_json *self)
{
	const struct atlas *atlas = self->report.atlas;
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "regions");
	for (uint32_t i = 0; i < atlas->regions; i++)
		put_pieces(self, &atlas->region[i]);
	json_line(json);
	json_array_end(json);
}

/* -- Arenas --------------------------------------------------------------------------------- */

static void put_heaps(struct report_json *self, uint32_t arena)
{
	const struct atlas *atlas = self->report.atlas;
	struct json *json = &self->json;

	json_put_array(json, "heaps");
	for (uint32_t i = 0; i < atlas->regions && i < atlas->view->extents; i++) {
		if (atlas->region[i].arena != arena)
			continue;
		json_object_begin(json);
		json_put_address(json, "start", atlas->region[i].start);
		json_put_address(json, "end", atlas->region[i].end);
		json_put_number(json, "committed", atlas->region[i].committed);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_users(struct report_json *self, const struct atlas_arena *arena)
{
	struct json *json = &self->json;

	json_put_array(json, "threads");
	for (uint32_t i = 0; i < arena->threads; i++)
		json_number(json, view_tid(self->report.view, arena->thread[i]));
	json_array_end(json);
	json_put_bool(json, "more_threads", arena->more_threads);
}

static void put_arena(struct report_json *self, const struct atlas_arena *arena)
{
	struct json *json = &self->json;

	json_line(json);
	json_object_begin(json);
	json_put_number(json, "number", arena->number);
	put_heaps(self, arena->number);
	json_put_number(json, "reserved", arena->reserved);
	json_put_number(json, "committed", arena->committed);
	put_sums(self, &arena->sums);
	put_users(self, arena);
	json_object_end(json);
}

void report_json_arenas(struct report_json *self)
{
	struct atlas_arena arena = {.number = 0};
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "arenas");
	while (atlas_arena_next(self->report.atlas, &arena))
		put_arena(self, &arena);
	json_line(json);
	json_array_end(json);
}
