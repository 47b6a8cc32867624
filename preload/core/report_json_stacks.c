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
