#include "diff_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void diff_json_pair(struct diff_json *self, const char *key, uint64_t old, uint64_t new)
{
	struct json *json = &self->writer.json;

	json_put_object(json, key);
	json_put_number(json, "old", old);
	json_put_number(json, "new", new);
	json_put_signed(json, "growth", (int64_t)(new - old));
	json_object_end(json);
}

void diff_json_refer(struct diff_json *self, const char *key, uint32_t id)
{
	self->referred[id] = true;
	json_put_number(&self->writer.json, key, id);
}

/* -- The moments ---------------------------------------------------------------------------- */

static uint64_t sum_of(const struct diff_side *side, enum diff_figure figure)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < side->items.count; i++)
		sum += side->items.item[i].figure[figure];
	return sum;
}

static void put_process(struct json *json, const struct diff_side *side)
{
	const struct view *view = &side->view;

	json_put_number(json, "pid", view->pid);
	json_put_string(json, "exe", view->exe);
	json_put_number(json, "number", view->number);
	json_put_string(json, "reason", view->reason);
	json_put_bool(json, "complete", view->complete);
	json_put_number(json, "start_time_ns", view->start.realtime_ns);
	json_put_number(json, "time_ns", view->now.realtime_ns);
	json_put_number(json, "live_bytes", side->atlas.live_bytes);
	json_put_number(json, "live_blocks", side->atlas.live_blocks);
	json_put_figure(json, "allocations", view->allocations);
	json_put_figure(json, "allocated_bytes", view->allocated_bytes);
	json_put_figure(json, "frees", view->frees);
}

static void put_moment(struct json *json, const struct diff_side *side)
{
	json_line(json);
	json_object_begin(json);
	json_put_string(json, "name", side->name);
	json_put_string(json, "form", side->snapshot ? "snapshot" : "mappings");
	json_put_number(
		json, "mappings", side->snapshot ? side->atlas.mappings : side->items.count);
	json_put_number(json, "size", sum_of(side, DIFF_SIZE));
	json_key(json, "rss");
	if (diff_side_knows_rss(side))
		json_number(json, sum_of(side, DIFF_RSS));
	else
		json_nil(json);
	if (side->snapshot)
		put_process(json, side);
	json_object_end(json);
}

static void put_moments(struct diff_json *self)
{
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_array(json, "moments");
	for (unsigned i = 0; i < self->show->sides; i++)
		put_moment(json, &self->show->side[i]);
	json_line(json);
	json_array_end(json);
}

/* -- What is compared ----------------------------------------------------------------------- */

static void put_how(struct diff_json *self)
{
	const struct diff_model *model = self->show->model;
	struct json *json = &self->writer.json;

	json_put_number(json, "version", DIFF_JSON_VERSION);
	json_put_string(json, "level", model->deep ? "snapshots" : "mappings");
	json_put_bool(json, "same_process", model->same_process);
	json_put_bool(json, "sampled", model->sampled);
	json_put_bool(json, "same_addresses", model->same_space);
	json_key(json, "elapsed_ns");
	if (model->timed)
		json_signed(json, model->ns);
	else
		json_nil(json);
	json_put_array(json, "notes");
	for (unsigned i = 0; i < model->notes; i++)
		json_str(json, model->note[i]);
	json_array_end(json);
}

static bool is_known(const struct diff_model *model, enum diff_figure figure)
{
	switch (figure) {
	case DIFF_SIZE:
		return true;
	case DIFF_RSS:
	case DIFF_SWAP:
		return model->rss;
	case DIFF_BLOCKS:
	case DIFF_LIVE:
		return model->deep;
	default:
		return model->pages;
	}
}

/* What the kernel and the shim count: blocks outside of all mappings, too. */
static uint64_t total_of(const struct diff_model *model, enum diff_then side, int figure)
{
	const struct atlas *atlas = &model->side[side]->atlas;

	if (figure == DIFF_LIVE)
		return atlas->live_bytes;
	return figure == DIFF_BLOCKS ? atlas->live_blocks : model->total[side][figure];
}

static void put_growth(struct diff_json *self)
{
	const struct diff_model *model = self->show->model;
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_object(json, "growth");
	for (int i = 0; i < DIFF_FIGURES; i++) {
		json_key(json, diff_figure_name((enum diff_figure)i));
		if (is_known(model, (enum diff_figure)i))
			json_signed(json, (int64_t)(total_of(model, DIFF_NEW, i) -
						    total_of(model, DIFF_OLD, i)));
		else
			json_nil(json);
	}
	json_object_end(json);
}

/* -- Rows ----------------------------------------------------------------------------------- */

static void put_parts(struct diff_json *self)
{
	const struct diff_model *model = self->show->model;
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_object(json, "ledger_parts");
	json_key(json, "newly_live");
	if (model->same_process && !model->sampled)
		json_signed(json, (int64_t)model->newly_live);
	else
		json_nil(json);
	json_key(json, "newly_touched");
	if (model->same_process && !model->sampled)
		json_signed(json, (int64_t)model->newly_touched);
	else
		json_nil(json);
	json_put_signed(json, "pinned", (int64_t)model->pinned);
	json_put_signed(json, "trimmable", (int64_t)model->trimmable);
	json_put_signed(json, "kept", (int64_t)model->kept);
	json_object_end(json);
}

static void put_rows(struct diff_json *self)
{
	const struct diff_model *model = self->show->model;
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_array(json, diff_model_has_ledger(model) ? "ledger" : "kinds");
	for (unsigned i = 0; i < model->rows; i++) {
		const struct diff_row *row = &model->row[i];

		json_line(json);
		json_object_begin(json);
		json_put_string(json, diff_model_has_ledger(model) ? "row" : "kind", row->name);
		json_put_number(json, "old", row->bytes[DIFF_OLD]);
		json_put_number(json, "new", row->bytes[DIFF_NEW]);
		json_put_signed(
			json, "growth", (int64_t)(row->bytes[DIFF_NEW] - row->bytes[DIFF_OLD]));
		json_object_end(json);
	}
	json_line(json);
	json_array_end(json);
	if (model->pages)
		put_parts(self);
}

/* -- Leaks ---------------------------------------------------------------------------------- */

static void put_leak(struct diff_json *self, const struct diff_leak *leak)
{
	const struct diff_frames *frames = &self->show->model->frames;
	struct json *json = &self->writer.json;

	json_line(json);
	json_object_begin(json);
	diff_json_refer(self, "callstack", diff_frames_of(frames, DIFF_NEW, leak->frame));
	json_put_number(json, leak->mapped ? "regions" : "blocks", leak->blocks);
	json_put_number(json, "bytes", leak->bytes);
	if (self->show->model->sampled && !leak->mapped)
		json_put_number(json, "bytes_error", poisson_error(leak->variance));
	if (!leak->mapped)
		json_put_number(json, "allocations", leak->allocations);
	json_put_array(json, leak->mapped ? "region_bytes" : "live_bytes");
	for (unsigned i = 0; i < self->show->leaks->sides; i++)
		json_number(json, leak->live[i]);
	json_array_end(json);
	json_object_end(json);
}

static void put_leaks(struct diff_json *self)
{
	const struct diff_leaks *leaks = self->show->leaks;
	const struct diff_options *options = self->show->options;
	struct json *json = &self->writer.json;
	uint32_t top = options->top ? options->top : UINT32_MAX;

	json_line(json);
	json_put_object(json, "leaks");
	json_put_string(json, "evidence", leaks->survived ? "survived" : "kept");
	json_put_array(json, "suspects");
	for (uint32_t i = 0; i < leaks->count && i < top; i++)
		if (leaks->leak[i].bytes >= options->least)
			put_leak(self, &leaks->leak[i]);
	json_line(json);
	json_array_end(json);
	json_object_end(json);
}

/* -- The whole ------------------------------------------------------------------------------ */

static int put_all(struct diff_json *self)
{
	const struct diff_show *show = self->show;
	int error = 0;

	put_how(self);
	put_moments(self);
	put_growth(self);
	if (diff_options_shows(show->options, DIFF_SECTION_ROWS))
		put_rows(self);
	if (diff_options_shows(show->options, DIFF_SECTION_MAPPINGS))
		error = diff_json_mappings(self);
	if (show->leaks)
		put_leaks(self);
	if (!error && show->model->deep)
		error = diff_json_stacks(self);
	return error;
}

int diff_json(const struct diff_show *show)
{
	struct diff_json self = {.show = show};
	int error;

	self.referred = calloc((size_t)show->model->frames.count + 1, sizeof(*self.referred));
	if (!self.referred)
		return ENOMEM;
	json_init(&self.writer.json, show->text);
	json_object_begin(&self.writer.json);
	error = put_all(&self);
	json_line(&self.writer.json);
	json_object_end(&self.writer.json);
	text_char(show->text, '\n');
	free(self.referred);
	return error ? error : text_flush(show->text);
}
