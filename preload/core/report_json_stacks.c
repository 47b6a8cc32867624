#include "report_json_stacks.h"
#include "place.h"

static void put_place(struct json *json, const struct place *place)
{
	json_put_address(json, "pc", place->pc);
	json_key(json, "module");
	if (!place->module) {
		json_nil(json);
		json_put_number(json, "offset", 0);
		return;
	}
	json_bytes(json, place->module, place->module_length);
	json_put_number(json, "offset", place->offset);
}

/* One level of source. The inner ones share the frame's pc and are marked as inlined. */
static void put_level(
	struct json *json, const struct place *place, const struct name *name, bool inlined)
{
	json_object_begin(json);
	put_place(json, place);
	json_put_string(json, "function", name->function);
	if (name->function)
		json_put_number(json, "function_offset", name->offset);
	if (name->file)
		json_put_string(json, "file", name->file);
	if (name->line)
		json_put_number(json, "line", name->line);
	if (inlined)
		json_put_bool(json, "inlined", true);
	json_object_end(json);
}

void report_json_frames(const struct report *report, struct json *json, uint32_t frame)
{
	struct name levels[NAMES_LEVELS];
	struct place place;

	json_put_array(json, "frames");
	for (unsigned depth = 0; depth < PLACE_DEPTH; depth++) {
		size_t count;

		if (!place_of(report->view, frame, &place))
			break;
		count = names_get(report->names, frame, levels);
		for (size_t i = 0; i < count; i++)
			put_level(json, &place, &levels[i], i + 1 < count);
		frame = place.parent;
	}
	json_array_end(json);
}

/* One standard error of each figure. */
static void put_errors(struct report_json *self, const struct atlas_stack *stack)
{
	static const char *const names[ATLAS_HELDS] = {
		[ATLAS_LIVE_BLOCKS] = "live_blocks_error",
		[ATLAS_LIVE_BYTES] = "live_bytes_error",
		[ATLAS_LIVE_RESIDENT] = "live_resident_error",
		[ATLAS_PINNED] = "pinned_error",
		[ATLAS_SLACK] = "slack_least_error",
		[ATLAS_ALLOCATIONS] = "allocations_error",
		[ATLAS_ALLOCATED_BYTES] = "allocated_bytes_error",
	};
	const struct atlas *atlas = self->report.atlas;

	if (!atlas->view->sample_mean)
		return;
	json_put_bool(&self->json, "sampled", true);
	json_put_number(&self->json, "samples", stack->samples);
	json_put_number(&self->json, "samples_ever", stack->samples_ever);
	for (unsigned i = 0; i < ATLAS_HELDS; i++) {
		bool known = i == ATLAS_SLACK                                ? atlas->slack_known
			     : i == ATLAS_PINNED || i == ATLAS_LIVE_RESIDENT ? atlas->pages_known
									     : true;

		report_json_known(self, names[i], stack->error[i], known);
	}
}

static void put_stack(struct report_json *self, const struct atlas_stack *stack)
{
	struct json *json = &self->json;
	bool known = self->report.atlas->pages_known;

	json_line(json);
	json_object_begin(json);
	json_put_number(json, "id", stack->frame);
	json_put_number(json, "live_blocks", stack->live_blocks);
	json_put_number(json, "live_bytes", stack->live_bytes);
	report_json_known(self, "live_resident", stack->live_resident, known);
	report_json_known(self, "pinned", stack->pinned, known);
	report_json_known(self, "slack_least", stack->slack, self->report.atlas->slack_known);
	json_put_number(json, "allocations", stack->allocations);
	json_put_number(json, "allocated_bytes", stack->allocated_bytes);
	put_errors(self, stack);
	report_json_frames(&self->report, json, stack->frame);
	json_object_end(json);
}

/* Those that only mapped something or made a thread, and number 0, which means "not known". */
static void put_others(struct report_json *self)
{
	const struct atlas *atlas = self->report.atlas;

	for (uint32_t frame = 0; frame <= atlas->frames; frame++) {
		struct atlas_stack none = {.frame = frame};

		if (atlas->stack_of && atlas->stack_of[frame])
			continue;
		if (frame == 0 || marks_has(&self->referred, frame))
			put_stack(self, &none);
	}
}

void report_json_stacks(struct report_json *self)
{
	const struct atlas *atlas = self->report.atlas;
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "callstacks");
	for (uint32_t i = 0; i < atlas->stacks; i++)
		put_stack(self, &atlas->stack[i]);
	put_others(self);
	json_line(json);
	json_array_end(json);
}
