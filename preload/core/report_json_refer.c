/* References between the parts of the JSON report; see report_json.h. */
#include "report_json.h"

size_t report_json_words(const struct atlas *atlas)
{
	return marks_words((uint64_t)atlas->frames + 1);
}

static bool is_in_atlas(const struct atlas *atlas, uint32_t frame)
{
	return atlas->stack_of && frame <= atlas->frames && atlas->stack_of[frame];
}

static bool is_there(const struct view *view, uint32_t frame)
{
	const struct vmatlas_frame *record = lane_find(view->frames, frame);

	return record && record->pc;
}

void report_json_refer(struct report_json *self, const char *key, uint32_t frame)
{
	const struct report *report = &self->report;

	if (!is_in_atlas(report->atlas, frame) &&
		!(is_there(report->view, frame) && marks_set(&self->referred, frame)))
		frame = 0;
	json_put_number(&self->json, key, frame);
}

void report_json_known(struct report_json *self, const char *key, uint64_t value, bool known)
{
	json_key(&self->json, key);
	if (known)
		json_number(&self->json, value);
	else
		json_nil(&self->json);
}

void report_json_owner(struct report_json *self, const char *owner, size_t length)
{
	json_key(&self->json, "owner");
	if (length)
		json_bytes(&self->json, owner, length);
	else
		json_nil(&self->json);
}
