#include "report_json.h"
#include "report_json_maps.h"
#include "report_json_phases.h"
#include "report_json_regions.h"
#include "report_json_stacks.h"
#include "report_json_threads.h"

#include <string.h>

static void put_argv(struct json *json, const struct view *view)
{
	const char *at = view->argv, *end = at + view->argv_length;

	json_put_array(json, "argv");
	while (at < end) {
		size_t length = strnlen(at, (size_t)(end - at));

		json_bytes(json, at, length);
		at += length + 1;
	}
	json_array_end(json);
}

static void put_process(struct json *json, const struct view *view)
{
	json_line(json);
	json_put_object(json, "process");
	json_put_number(json, "pid", view->pid);
	json_put_string(json, "name", view->name);
	json_put_string(json, "exe", view->exe);
	put_argv(json, view);
	json_put_number(json, "start_time_ns", view->start.realtime_ns);
	json_put_number(json, "time_ns", view->now.realtime_ns);
	json_put_string(json, "kernel", view->kernel);
	json_put_number(json, "page_size", view->page_size);
	json_object_end(json);
}

static void put_lost(struct report_json *self)
{
	struct view_lost lost;

	json_put_object(&self->json, "lost");
	for (unsigned i = 0; report_lost(&self->report, i, &lost); i++)
		json_put_number(&self->json, lost.name, lost.count);
	json_object_end(&self->json);
}

static void put_dump(struct report_json *self)
{
	const struct view *view = self->report.view;
	struct json *json = &self->json;

	json_line(json);
	json_put_object(json, "dump");
	json_put_number(json, "number", view->number);
	json_put_string(json, "reason", view->reason);
	json_put_bool(json, "complete", view->complete);
	put_lost(self);
	json_put_array(json, "notices");
	for (unsigned i = 0; i < view->notices && i < VIEW_NOTICES; i++)
		json_str(json, view->notice[i]);
	json_array_end(json);
	json_put_number(json, "time_resolution_ns", view_span_ns(view, view->resolution_ticks));
	json_object_end(json);
}

static void put_totals(struct report_json *self)
{
	const struct atlas *atlas = self->report.atlas;
	const struct view *view = atlas->view;
	struct json *json = &self->json;

	json_line(json);
	json_put_object(json, "totals");
	json_put_number(json, "size", atlas->size);
	report_json_known(self, "rss", atlas->rss, !view->maps_only);
	report_json_known(self, "pss", atlas->pss, !view->maps_only);
	report_json_known(self, "swap", atlas->swap, !view->maps_only);
	json_put_number(json, "live_bytes", atlas->live_bytes);
	json_put_number(json, "live_blocks", atlas->live_blocks);
	report_json_known(self, "pinned", atlas->pinned, atlas->pages_known);
	report_json_known(self, "trimmable", atlas->trimmable, atlas->pages_known);
	report_json_known(self, "slack_least", atlas->slack, atlas->slack_known);
	json_put_figure(json, "allocations", view->allocations);
	json_put_figure(json, "allocated_bytes", view->allocated_bytes);
	json_put_number(json, "failed_allocations", view->failed);
	json_put_figure(json, "frees", view->frees);
	json_put_figure(json, "freed_bytes", view->freed_bytes);
	json_put_figure(json, "peak_live_bytes", report_peak(&self->report));
	json_put_number(json, "peak_live_bytes_error", view->peak_error);
	report_json_known(self, "moved_blocks", atlas->moved, !view->sample_mean);
	json_object_end(json);
}

/* Figures by call stack are estimates then. */
static void put_sampling(struct json *json, const struct atlas *atlas)
{
	json_line(json);
	if (!atlas->view->sample_mean) {
		json_key(json, "sampling");
		json_nil(json);
		return;
	}
	json_put_object(json, "sampling");
	json_put_number(json, "mean_bytes", atlas->view->sample_mean);
	json_put_number(json, "samples", atlas->samples);
	json_put_number(json, "samples_ever", atlas->samples_ever);
	json_object_end(json);
}

static void put_ledger(struct json *json, const struct atlas *atlas)
{
	json_line(json);
	json_put_array(json, "ledger");
	for (unsigned row = 0; row < ATLAS_ROWS && !atlas->view->maps_only; row++) {
		json_line(json);
		json_object_begin(json);
		json_put_string(json, "row", atlas_row_name((enum atlas_row)row));
		json_put_number(json, "bytes", atlas->row[row]);
		json_object_end(json);
	}
	json_line(json);
	json_array_end(json);
}

static void begin(struct report_json *self, struct text *text)
{
	const struct atlas *atlas = self->report.atlas;

	json_init(&self->json, text);
	self->referred.word = report_take(&self->report, report_json_words(atlas));
	/* What report_json_stacks looks through. */
	self->referred.limit = self->referred.word ? (uint64_t)atlas->frames + 1 : 0;
}

int report_json(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text)
{
	struct report_json self = {.report = {.atlas = atlas}};
	struct json *json = &self.json;

	report_begin(&self.report, atlas, names, options, text);
	begin(&self, text);
	json_object_begin(json);
	json_put_number(json, "version", REPORT_VERSION);
	put_process(json, atlas->view);
	put_dump(&self);
	put_totals(&self);
	put_sampling(json, atlas);
	put_ledger(json, atlas);
	report_json_phases(&self);
	report_json_mappings(&self);
	report_json_regions(&self);
	report_json_arenas(&self);
	report_json_threads(&self);
	if (options->blocks)
		report_json_blocks(&self);
	/* Last, since by now it is known which call stacks the others refer to. */
	if (!options->no_stacks)
		report_json_stacks(&self);
	json_line(json);
	json_object_end(json);
	text_char(text, '\n');
	return text_flush(text);
}
