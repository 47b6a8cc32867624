#include "report_json_threads.h"
#include "owner.h"
#include "stack_use.h"

/* A program that has made a million threads need not list them all: so many of the last records
 * are listed when they have ended. */
enum { ENDED_LISTED = 1024 };

/* -- Threads -------------------------------------------------------------------------------- */

static void put_stack(struct report_json *self, const struct vmatlas_thread *thread)
{
	struct json *json = &self->json;
	bool known = thread->stack_start < thread->stack_end;
	const struct atlas *atlas = self->report.atlas;
	uint64_t resident = 0, touched = 0;
	bool resident_known = !thread->ended && stack_use(atlas, thread, &resident);
	bool touched_known = !thread->ended && stack_touched(atlas, thread, &touched);

	json_key(json, "stack_start");
	if (known)
		json_address(json, thread->stack_start);
	else
		json_nil(json);
	json_key(json, "stack_end");
	if (known)
		json_address(json, thread->stack_end);
	else
		json_nil(json);
	report_json_known(self, "guard_bytes", thread->guard_bytes, known);
	report_json_known(self, "stack_resident", resident, resident_known);
	report_json_known(self, "stack_touched", touched, touched_known);
}

static void put_thread(struct report_json *self, const struct vmatlas_thread *thread)
{
	const struct view *view = self->report.view;
	struct json *json = &self->json;

	json_line(json);
	json_object_begin(json);
	json_put_number(json, "tid", thread->tid);
	json_put_bytes(json, "name", thread->name, owner_thread_name(thread));
	json_put_bool(json, "main", thread->flags & VMATLAS_THREAD_MAIN);
	json_put_bool(json, "ended", thread->ended != 0);
	put_stack(self, thread);
	report_json_refer(self, "creator", thread->creator);
	json_put_number(json, "start_time_ns", view_time_ns(view, thread->started));
	report_json_known(
		self, "end_time_ns", view_time_ns(view, thread->ended), thread->ended != 0);
	json_object_end(json);
}

void report_json_threads(struct report_json *self)
{
	const struct lane *threads = self->report.view->threads;
	uint32_t count = lane_count(threads);
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "threads");
	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && thread->tid && (!thread->ended || count - id < ENDED_LISTED))
			put_thread(self, thread);
	}
	json_line(json);
	json_array_end(json);
}

/* -- Blocks --------------------------------------------------------------------------------- */

/* "0xSTART-0xEND", or null for an empty range. */
static void put_range(struct json *json, const char *key, uint64_t start, uint64_t end)
{
	char buffer[40];
	struct text text;

	text_init(&text, buffer, sizeof buffer, NULL, NULL);
	text_address(&text, start);
	text_char(&text, '-');
	text_address(&text, end);
	json_key(json, key);
	if (start < end)
		json_bytes(json, buffer, text.used);
	else
		json_nil(json);
}

static void put_block(struct report_json *self, const struct block *block)
{
	const struct report *report = &self->report;
	const struct vmatlas_birth *birth = report_block_birth(report, block);
	const struct atlas_mapping *mapping = atlas_find(report->atlas, block->address);
	uint32_t tid = view_tid(report->view, block->thread);
	struct json *json = &self->json;

	json_line(json);
	json_object_begin(json);
	json_put_address(json, "address", block->address);
	json_put_number(json, "size", block->size);
	report_json_refer(self, "callstack", report_block_frame(report, block));
	if (report->view->sample_mean)
		json_put_bool(json, "sampled", block->origin != 0);
	report_json_known(self, "tid", tid, tid != 0);
	report_json_known(
		self, "time_ns", view_time_ns(report->view, block->time), block->time != 0);
	put_range(json, "mapping_at_birth", birth ? birth->start : 0, birth ? birth->end : 0);
	put_range(json, "mapping", mapping ? mapping->start : 0, mapping ? mapping->end : 0);
	json_object_end(json);
}

void report_json_blocks(struct report_json *self)
{
	const struct view *view = self->report.view;
	struct blocks_tables tables = view_tables(view);
	struct json *json = &self->json;
	struct blocks_cursor cursor;
	struct block block;

	json_line(json);
	json_put_array(json, "blocks");
	blocks_begin(&cursor, view->blocks, &tables);
	while (blocks_next(&cursor, &block))
		put_block(self, &block);
	json_line(json);
	json_array_end(json);
}
