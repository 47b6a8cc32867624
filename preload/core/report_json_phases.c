#include "report_json_phases.h"
#include "phase.h"

static void put_phase(struct report_json *self, const struct vmatlas_phase *phase)
{
	const struct view *view = self->report.view;
	uint32_t tid = view_tid(view, phase->thread);
	struct json *json = &self->json;

	json_line(json);
	json_object_begin(json);
	json_put_bytes(json, "name", phase->name, phase->name_length);
	json_put_number(json, "time_ns", view_time_ns(view, phase->time));
	report_json_known(self, "tid", tid, tid != 0);
	json_put_figure(json, "live_bytes", phase->live_bytes);
	json_put_figure(json, "live_blocks", phase->live_blocks);
	report_json_known(self, "rss", phase->rss, phase->rss != 0);
	json_put_figure(json, "allocations", phase->allocations);
	json_put_figure(json, "allocated_bytes", phase->allocated_bytes);
	json_object_end(json);
}

void report_json_phases(struct report_json *self)
{
	uint32_t count = phase_count(self->report.view);
	struct json *json = &self->json;
	struct vmatlas_phase phase;

	json_line(json);
	json_put_array(json, "phases");
	for (uint32_t id = 1; id <= count; id++) {
		if (phase_read(self->report.view, id, &phase))
			put_phase(self, &phase);
	}
	json_line(json);
	json_array_end(json);
}
