#include "diff_json.h"

#include <stdlib.h>

#include "../preload/core/report_json_stacks.h"
#include "diff_pick.h"

static void put_sum(
	struct json *json, const char *key, const struct diff_blocks_sum *sum, bool sampled)
{
	json_put_object(json, key);
	json_put_number(json, "blocks", sum->blocks);
	json_put_number(json, "bytes", sum->bytes);
	json_put_number(json, "resident", sum->resident);
	if (sampled)
		json_put_number(json, "blocks_error", sum->blocks_error);
	json_object_end(json);
}

/* One standard error of each figure; those of the growths know which samples are the same. */
static void put_errors(struct diff_json *self, const struct diff_stack *stack)
{
	static const struct {
		enum atlas_held held;
		const char *name;
	} errors[] = {
		{ATLAS_LIVE_BYTES, "live_bytes_error"},
		{ATLAS_LIVE_BLOCKS, "live_blocks_error"},
		{ATLAS_ALLOCATIONS, "allocations_error"},
		{ATLAS_ALLOCATED_BYTES, "allocated_bytes_error"},
		{ATLAS_LIVE_RESIDENT, "live_resident_error"},
		{ATLAS_PINNED, "pinned_error"},
	};
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];
	struct json *json = &self->writer.json;

	if (!self->show->model->sampled)
		return;
	json_put_bool(json, "sampled", true);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		diff_json_pair(self, errors[i].name, poisson_error(old->variance[errors[i].held]),
			poisson_error(new->variance[errors[i].held]));
	json_put_number(json, "growth_error", stack->live_error);
	json_put_number(json, "resident_growth_error", stack->resident_error);
}

/* Blocks that came, went and stayed can be told apart in one process only. */
static void put_blocks(struct diff_json *self, const struct diff_stack *stack)
{
	struct json *json = &self->writer.json;

	if (!self->show->model->same_process)
		return;
	put_sum(json, "born", &stack->born, self->show->model->sampled);
	put_sum(json, "freed", &stack->freed, self->show->model->sampled);
	put_sum(json, "stayed", &stack->stayed, self->show->model->sampled);
	json_put_signed(json, "newly_live", diff_stack_newly_live(stack));
	json_put_signed(json, "newly_touched", stack->touched);
}

static void put_held(struct diff_json *self, const struct diff_stack *stack)
{
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];

	diff_json_pair(self, "live_bytes", old->live_bytes, new->live_bytes);
	diff_json_pair(self, "live_blocks", old->live_blocks, new->live_blocks);
	diff_json_pair(self, "allocations", old->allocations, new->allocations);
	diff_json_pair(self, "allocated_bytes", old->allocated_bytes, new->allocated_bytes);
	diff_json_pair(self, "regions", old->regions, new->regions);
	diff_json_pair(self, "region_bytes", old->region_bytes, new->region_bytes);
	put_errors(self, stack);
	if (!self->show->model->pages)
		return;
	diff_json_pair(self, "live_resident", old->live_resident, new->live_resident);
	diff_json_pair(self, "pinned", old->pinned, new->pinned);
	diff_json_pair(self, "region_resident", old->region_resident, new->region_resident);
	put_blocks(self, stack);
}

/* A number of the old or new snapshot's own reports; null where the call stack is not there. */
static void put_frame(struct json *json, const char *key, uint32_t frame)
{
	json_key(json, key);
	if (frame)
		json_number(json, frame);
	else
		json_nil(json);
}

/* What was listed so far, and what was not. */
struct lists {
	struct diff_picked_stacks blocks, regions;
};

static void put_stack(struct diff_json *self, struct lists *lists, const struct diff_stack *stack)
{
	enum diff_then side = diff_show_where(stack);
	struct json *json = &self->writer.json;

	json_line(json);
	json_object_begin(json);
	json_put_number(json, "id", stack->id);
	put_frame(json, "old_id", stack->frame[DIFF_OLD]);
	put_frame(json, "new_id", stack->frame[DIFF_NEW]);
	put_held(self, stack);
	self->writer.report = self->show->report[side];
	report_json_frames(&self->writer.report, &self->writer.json, stack->frame[side]);
	json_object_end(json);
	self->referred[stack->id] = false;
	diff_pick_take(&lists->blocks.others, stack, DIFF_PICK_BLOCKS);
	diff_pick_take(&lists->regions.others, stack, DIFF_PICK_REGIONS);
}

/* Those that mapped something stand among the others, with all their figures. */
static void refer(struct diff_json *self, struct diff_picked_stacks *picked, enum diff_pick_by by,
	bool wanted)
{
	for (uint32_t i = 0; i < picked->count; i++) {
		diff_pick_add(&picked->others, picked->stack[i], by);
		self->referred[picked->stack[i]->id] |= wanted;
	}
}

static void put_stacks(struct diff_json *self, struct lists *lists, bool wanted)
{
	const struct diff_stacks *stacks = &self->show->model->stacks;
	struct json *json = &self->writer.json;

	refer(self, &lists->blocks, DIFF_PICK_BLOCKS, wanted);
	refer(self, &lists->regions, DIFF_PICK_REGIONS, wanted);
	json_line(json);
	json_put_array(json, "callstacks");
	for (uint32_t i = 0; wanted && i < lists->blocks.count; i++)
		put_stack(self, lists, lists->blocks.stack[i]);
	for (uint32_t i = 0; i < stacks->count; i++)
		if (self->referred[stacks->stack[i].id])
			put_stack(self, lists, &stacks->stack[i]);
	json_line(json);
	json_array_end(json);
}

static void put_rest(struct diff_json *self, const char *key, const struct diff_rest_stacks *rest)
{
	struct json *json = &self->writer.json;

	json_line(json);
	json_put_object(json, key);
	json_put_number(json, "callstacks", rest->stacks);
	json_put_signed(json, "bytes", (int64_t)rest->bytes);
	json_put_signed(json, "resident", (int64_t)rest->resident);
	json_put_signed(json, "pinned", (int64_t)rest->pinned);
	json_object_end(json);
}

int diff_json_stacks(struct diff_json *self)
{
	const struct diff_show *show = self->show;
	struct lists lists;
	int error = diff_pick_stacks(&lists.blocks, show->model, show->options, DIFF_PICK_BLOCKS);
	int other = diff_pick_stacks(&lists.regions, show->model, show->options, DIFF_PICK_REGIONS);

	error = error ? error : other;
	if (!error) {
		put_stacks(self, &lists, diff_options_shows(show->options, DIFF_SECTION_STACKS));
		put_rest(self, "callstacks_others", &lists.blocks.others);
		put_rest(self, "mappers_others", &lists.regions.others);
	}
	free(lists.blocks.stack);
	free(lists.regions.stack);
	return error;
}
