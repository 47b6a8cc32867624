#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "model.h"
#include "same_block.h"
#include "tools/snapshot.h"
#include "vmatlas_snapshot.h"

static int read_bytes(
	const char *bytes, size_t size, struct snapshot **snapshot, struct snapshot_fault *fault)
{
	/* fmemopen refuses an empty buffer. */
	FILE *file = size ? fmemopen((void *)(uintptr_t)bytes, size, "r") : fopen("/dev/null", "r");
	int error;

	memset(fault, 0, sizeof(*fault));
	error = snapshot_read(file, snapshot, fault);
	fclose(file);
	return error;
}

static struct snapshot *thaw(const char *bytes, size_t size)
{
	struct snapshot *snapshot = NULL;
	struct snapshot_fault fault;
	int error = read_bytes(bytes, size, &snapshot, &fault);

	if (error)
		fail_msg("error %d at %lu: %s", error, (unsigned long)fault.offset, fault.reason);
	return snapshot;
}

static struct snapshot *pass_through(const struct model *model, size_t scratch)
{
	size_t size;
	char *bytes = model_write(model, scratch, &size);
	struct snapshot *snapshot = thaw(bytes, size);

	free(bytes);
	return snapshot;
}

/* -- What goes in comes out ----------------------------------------------------------------- */

static void facts_come_back(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot), *was = &model->view;

	(void)state;
	assert_int_equal(view->pid, 4711);
	assert_int_equal(view->page_size, 4096);
	assert_int_equal(view->number, 3);
	assert_string_equal(view->exe, was->exe);
	assert_string_equal(view->name, was->name);
	assert_string_equal(view->kernel, was->kernel);
	assert_string_equal(view->reason, was->reason);
	assert_int_equal(view->argv_length, was->argv_length);
	assert_memory_equal(view->argv, was->argv, was->argv_length);
	assert_true(view->complete);
	assert_true(view->glibc);
	assert_memory_equal(&view->start, &was->start, sizeof(was->start));
	assert_memory_equal(&view->now, &was->now, sizeof(was->now));
	assert_int_equal(view->resolution_ticks, 10);
	assert_int_equal(view->allocations, 7);
	assert_int_equal(view->allocated_bytes, 109500);
	assert_int_equal(view->frees, 1);
	assert_int_equal(view->freed_bytes, 4);
	assert_int_equal(view->failed, 2);
	assert_int_equal(view->peak_live_bytes, 109600);
	assert_int_equal(view->peak_error, 16);
	snapshot_free(snapshot);
	model_free(model);
}

static void notices_and_losses_come_back(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot);

	(void)state;
	assert_int_equal(view->notices, 1);
	assert_string_equal(view->notice[0], model->view.notice[0]);
	assert_int_equal(view->losts, 2);
	assert_string_equal(view->lost[0].name, "old_frees");
	assert_string_equal(view->lost[0].explanation, "frees of blocks older than the shim");
	assert_int_equal(view->lost[0].count, 5);
	assert_string_equal(view->lost[1].name, "refused");
	assert_string_equal(view->lost[1].explanation, "");
	assert_int_equal(view->owns, 1);
	assert_int_equal(view->own[0].end, 0x3000);
	snapshot_free(snapshot);
	model_free(model);
}

static void blocks_come_back(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot);
	struct blocks_tables tables = view_tables(view);
	struct blocks_tables tables_were = {
		.moments = model->view.moments, .bigs = model->view.bigs};
	struct blocks_cursor cursor, cursor_was;
	struct block block, block_was;
	int count = 0;

	(void)state;
	blocks_begin(&cursor, view->blocks, &tables);
	blocks_begin(&cursor_was, model->blocks, &tables_were);
	for (; blocks_next(&cursor_was, &block_was); count++) {
		assert_true(blocks_next(&cursor, &block));
		assert_true(same_block(&block, &block_was));
	}
	assert_int_equal(count, 6);
	assert_false(blocks_next(&cursor, &block));
	assert_int_equal(cursor.damaged, 0);
	/* Free records stay behind. */
	assert_int_equal(lane_count(view->bigs), 3);
	snapshot_free(snapshot);
	model_free(model);
}

static void same_lane(const struct lane *lane, const struct lane *was)
{
	assert_int_equal(lane_count(lane), lane_count(was));
	assert_int_equal(lane->record_size, was->record_size);
	for (uint32_t id = 1; id <= lane_count(was); id++)
		assert_memory_equal(lane_get(lane, id), lane_get(was, id), was->record_size);
}

static void tables_come_back(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot), *was = &model->view;
	size_t length;

	(void)state;
	same_lane(view->frames, was->frames);
	same_lane(view->origins, was->origins);
	same_lane(view->moments, was->moments);
	same_lane(view->births, was->births);
	same_lane(view->threads, was->threads);
	same_lane(view->modules, was->modules);
	same_lane(view->strings, was->strings);
	assert_memory_equal(view_string(view, 1, &length), "/usr/bin/model", 14);
	assert_int_equal(length, 14);
	snapshot_free(snapshot);
	model_free(model);
}

static void a_region_in_writing_is_left_out(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot);
	const struct vmatlas_region *whole = lane_get(view->regions, 1);
	const struct vmatlas_region *torn = lane_get(view->regions, 2);

	(void)state;
	assert_int_equal(lane_count(view->regions), 2);
	assert_int_equal(whole->sequence, 0);
	assert_int_equal(whole->state, VMATLAS_REGION_LIVE);
	assert_int_equal(whole->end, MODEL_FAR + 0x100000);
	assert_int_equal(torn->state, VMATLAS_REGION_FREE);
	snapshot_free(snapshot);
	model_free(model);
}

static void freed_blocks_come_back_where_they_are_whole(void **state)
{
	struct model *model = model_make();
	const struct view *view;
	struct snapshot *snapshot;

	(void)state;
	model_freed(model);
	snapshot = pass_through(model, 8192);
	view = snapshot_view(snapshot);
	assert_int_equal(view->history, 4);
	assert_int_equal(lane_count(view->freed), 2);
	assert_memory_equal(lane_get(view->freed, 1), &model->records[0], 64);
	assert_memory_equal(lane_get(view->freed, 2), &model->records[3], 64);
	snapshot_free(snapshot);
	model_free(model);
}

static void a_history_of_nothing_yet_is_one(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);

	(void)state;
	assert_null(snapshot_view(snapshot)->freed);
	snapshot_free(snapshot);
	model_freed(model);
	memset(model->records, 0, sizeof(model->records));
	snapshot = pass_through(model, 8192);
	assert_int_equal(snapshot_view(snapshot)->history, 4);
	assert_int_equal(lane_count(snapshot_view(snapshot)->freed), 0);
	snapshot_free(snapshot);
	model_free(model);
}

static void smaps_come_back_whatever_the_pieces(void **state)
{
	static const size_t steps[] = {0, 1, 7, 100, 4096};
	char text[sizeof(model_smaps) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct model *model = model_make();
		const struct view *view;
		struct snapshot *snapshot;
		size_t got = 0;

		model->smaps_step = steps[i];
		snapshot = pass_through(model, 8192);
		view = snapshot_view(snapshot);
		assert_int_equal(snapshot_mappings(snapshot), 4);
		for (ssize_t n; (n = view->smaps_read(view->context, text + got, 50)) > 0;)
			got += (size_t)n;
		assert_int_equal(got, sizeof(model_smaps) - 1);
		assert_memory_equal(text, model_smaps, got);
		snapshot_free(snapshot);
		model_free(model);
	}
}

static void pages_come_back(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot = pass_through(model, 8192);
	const struct view *view = snapshot_view(snapshot);
	uint64_t from = MODEL_HEAP;
	struct view_run runs[2];

	(void)state;
	assert_int_equal(view->runs(view->context, &from, MODEL_HEAP + 0x21000, runs, 2), 2);
	assert_memory_equal(&runs[0].start, &model_runs[1].start, 16);
	assert_int_equal(runs[1].state, VIEW_SWAPPED);
	assert_int_equal(from, MODEL_HEAP + 0x4000);
	assert_int_equal(view->runs(view->context, &from, MODEL_HEAP + 0x21000, runs, 2), 1);
	assert_int_equal(view->runs(view->context, &from, MODEL_HEAP + 0x21000, runs, 2), 0);
	/* Asked for in the middle of a run, only what lies there. */
	from = MODEL_HEAP + 0x1000;
	assert_int_equal(view->runs(view->context, &from, MODEL_HEAP + 0x2000, runs, 2), 1);
	assert_int_equal(runs[0].start, MODEL_HEAP + 0x1000);
	assert_int_equal(runs[0].end, MODEL_HEAP + 0x2000);
	snapshot_free(snapshot);
	model_free(model);
}

static void pages_that_were_refused_stay_unknown(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot;
	const struct view *view;
	uint64_t from = MODEL_HEAP;
	struct view_run run;

	(void)state;
	model->pages_refused = true;
	snapshot = pass_through(model, 8192);
	view = snapshot_view(snapshot);
	assert_int_equal(view->runs(view->context, &from, MODEL_HEAP + 0x1000, &run, 1), 0);
	assert_true(from == UINT64_MAX);
	snapshot_free(snapshot);
	model->view.runs = NULL;
	snapshot = pass_through(model, 8192);
	assert_null(snapshot_view(snapshot)->runs);
	snapshot_free(snapshot);
	model_free(model);
}

static void smaps_that_end_early_are_told(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot;

	(void)state;
	model->smaps_step = 200;
	model->smaps_error = -EIO;
	snapshot = pass_through(model, 8192);
	assert_false(snapshot_view(snapshot)->complete);
	snapshot_free(snapshot);
	model_free(model);
}

/* Chunks hold a few hundred records of 16 bytes in the least scratch memory. */
static void many_blocks_take_many_chunks(void **state)
{
	enum { COUNT = 50000 };
	struct model *model = model_make();
	struct snapshot *snapshot;
	struct blocks_tables tables;
	struct blocks_cursor cursor;
	struct block block;
	int count = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		model_place(model, 0x600000000000 + (uint64_t)i * 352, model_small(1, 16, 0));
	snapshot = pass_through(model, 8192);
	tables = view_tables(snapshot_view(snapshot));
	blocks_begin(&cursor, snapshot_view(snapshot)->blocks, &tables);
	while (blocks_next(&cursor, &block))
		count++;
	assert_int_equal(count, COUNT + 6);
	snapshot_free(snapshot);
	model_free(model);
}

/* -- Writing that fails --------------------------------------------------------------------- */

static int refuse(void *context, const char *bytes, size_t length)
{
	size_t *left = context;

	(void)bytes;
	if (length > *left)
		return ENOSPC;
	*left -= length;
	return 0;
}

static void a_full_disk_is_an_error_wherever_it_comes(void **state)
{
	struct model *model = model_make();
	char scratch[8192] __attribute__((aligned(16))), buffer[64];
	size_t size;

	(void)state;
	free(model_write(model, sizeof(scratch), &size));
	for (size_t limit = 0; limit < size; limit += 64) {
		size_t left = limit;
		struct text text;

		text_init(&text, buffer, sizeof(buffer), refuse, &left);
		assert_int_equal(
			snapshot_write(&model->view, scratch, sizeof(scratch), &text, NULL),
			ENOSPC);
	}
	model_free(model);
}

static void too_little_scratch_is_refused(void **state)
{
	struct model *model = model_make();
	char scratch[100], buffer[64];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	assert_int_equal(
		snapshot_write(&model->view, scratch, sizeof(scratch), &text, NULL), EINVAL);
	model_free(model);
}

/* -- Files that are none -------------------------------------------------------------------- */

static void refused(const char *bytes, size_t size, const char *reason)
{
	struct snapshot *snapshot = NULL;
	struct snapshot_fault fault;

	assert_int_equal(read_bytes(bytes, size, &snapshot, &fault), EILSEQ);
	assert_null(snapshot);
	if (reason && !strstr(fault.reason, reason))
		fail_msg("'%s' does not say '%s'", fault.reason, reason);
}

static void every_cut_is_noticed(void **state)
{
	struct model *model = model_make();
	size_t size;
	char *bytes = model_write(model, 8192, &size);

	(void)state;
	for (size_t cut = 0; cut < size; cut++)
		refused(bytes, cut, cut < 8 ? NULL : "cut short");
	free(bytes);
	model_free(model);
}

static void something_behind_the_end_is_noticed(void **state)
{
	struct model *model = model_make();
	size_t size;
	char *bytes = model_write(model, 8192, &size);

	(void)state;
	bytes = realloc(bytes, size + 1);
	bytes[size] = 0;
	refused(bytes, size + 1, "follows its end");
	free(bytes);
	model_free(model);
}

static void other_files_are_named(void **state)
{
	(void)state;
	refused("", 0, "empty");
	refused("{\"version\": 1}", 14, "JSON");
	refused("\n {\"version\": 1}", 16, "JSON");
	refused("vmatlas report\n", 15, "text");
	refused("vm", 2, "text");
	refused("\177ELF\2\1\1\0", 8, "program");
	refused("\x1f\x8b\x08\0\0\0\0\0", 8, "gzip");
	refused("\x28\xb5\x2f\xfd\0\0\0\0", 8, "zstd");
	refused("\0\0\0\0\0\0\0\0\0\0\0\0", 12, "not a snapshot");
}

/* Sets 32 bits of a good file and expects the reason. */
static void with_word(size_t offset, uint32_t value, const char *reason)
{
	struct model *model = model_make();
	size_t size;
	char *bytes = model_write(model, 8192, &size);

	memcpy(bytes + offset, &value, sizeof(value));
	refused(bytes, size, reason);
	free(bytes);
	model_free(model);
}

static void headers_are_checked(void **state)
{
	const size_t facts = sizeof(struct vmatlas_header);

	(void)state;
	with_word(8, 0x04030201, "other byte order");
	with_word(8, 7, "no byte order");
	with_word(12, VMATLAS_STORE_VERSION + 1, "version");
	with_word(16, 0, "pages of 0 bytes");
	with_word(16, 5000, "pages of 5000 bytes");
	with_word(20, 4, "4-byte words");
	with_word(facts, VMATLAS_TAG_RUNS, "facts must come first");
	with_word(facts, 0x12345678, "facts must come first");
	with_word(facts + 4, 8, "records of 8 bytes");
	with_word(facts + 8, 2, "2 records");
	/* Behind the facts: a text that says it is longer than any file. */
	with_word(facts + 16 + sizeof(struct vmatlas_facts) + 12, 0x7fffffff, "cut short");
	with_word(facts + 16 + sizeof(struct vmatlas_facts) + 12, 0xffffffff, "more bytes");
	with_word(facts + 16 + sizeof(struct vmatlas_facts), VMATLAS_TAG_FACTS, "once");
}

static char *find_chunk(char *bytes, size_t size, uint32_t tag)
{
	for (size_t at = sizeof(struct vmatlas_header); at < size;) {
		struct vmatlas_chunk *chunk = (void *)(bytes + at);

		if (chunk->tag == tag)
			return bytes + at + sizeof(*chunk);
		at += sizeof(*chunk) + ((chunk->record_size * chunk->count + 7) & ~(uint64_t)7);
	}
	fail();
	return NULL;
}

/* A later version may add a table: what this one knows it reads, whatever the other holds. */
static void unknown_chunks_are_passed_over(void **state)
{
	struct model *model = model_make();
	size_t size;
	char *bytes = model_write(model, 8192, &size);
	char *moments = find_chunk(bytes, size, VMATLAS_TAG_MOMENTS) - sizeof(struct vmatlas_chunk);
	uint32_t tag = VMATLAS_TAG('N', 'E', 'W', '1');
	struct snapshot_fault fault;
	struct snapshot *snapshot;

	(void)state;
	memcpy(moments, &tag, sizeof(tag));
	snapshot = thaw(bytes, size);
	assert_int_equal(lane_count(snapshot_view(snapshot)->moments), 0);
	assert_int_equal(lane_count(snapshot_view(snapshot)->births), 2);
	snapshot_free(snapshot);
	memset(moments + 8, 0xff, 8); /* so many records */
	assert_int_equal(read_bytes(bytes, size, &snapshot, &fault), EILSEQ);
	assert_non_null(strstr(fault.reason, "more bytes"));
	memset(moments, '~', 4);
	assert_int_equal(read_bytes(bytes, size, &snapshot, &fault), EILSEQ);
	assert_non_null(strstr(fault.reason, "no chunk begins here"));
	free(bytes);
	model_free(model);
}

static void with_record(uint32_t tag, size_t offset, uint64_t value, const char *reason)
{
	struct model *model = model_make();
	struct snapshot *snapshot = NULL;
	struct snapshot_fault fault;
	size_t size;
	char *bytes = model_write(model, 8192, &size);
	char *record = find_chunk(bytes, size, tag) + offset;

	memcpy(record, &value, sizeof(value));
	assert_int_equal(read_bytes(bytes, size, &snapshot, &fault), EILSEQ);
	assert_non_null(strstr(fault.reason, reason));
	/* Told by the record, to be looked at in a hex dump. */
	assert_true(bytes + fault.offset <= record && record < bytes + fault.offset + 24);
	free(bytes);
	model_free(model);
}

static void records_are_checked(void **state)
{
	(void)state;
	with_record(VMATLAS_TAG_BLOCKS, 0, 1ull << 42, "beyond all addresses");
	with_record(VMATLAS_TAG_BLOCKS, 16, 5, "not in order");
	with_record(VMATLAS_TAG_RUNS, 0, 0x555555556000, "run of pages");
	with_record(VMATLAS_TAG_RUNS, 0, 0x555555554001, "run of pages");
	with_record(VMATLAS_TAG_RUNS, 16, 64, "run of pages");
	with_record(VMATLAS_TAG_LOST, 8, 0, "name");
}

/* Memory of the program, which it may have written over, is no damage of the file. */
static void numbers_that_lead_nowhere_become_none(void **state)
{
	struct model *model = model_make();
	const struct vmatlas_frame *frames;
	const struct vmatlas_module *module;
	struct snapshot *snapshot;

	(void)state;
	model->frames[0].parent = 1;
	model->frames[1].parent = 3;
	model->frames[2].module = 9;
	model->modules[0].build_id_length = 33;
	memset(model->threads[0].name, 'x', sizeof(model->threads[0].name));
	snapshot = pass_through(model, 8192);
	frames = lane_get(snapshot_view(snapshot)->frames, 1);
	module = lane_get(snapshot_view(snapshot)->modules, 1);
	assert_int_equal(frames[0].parent, 0);
	assert_int_equal(frames[1].parent, 0);
	assert_int_equal(frames[2].parent, 1);
	assert_int_equal(frames[2].module, 0);
	assert_int_equal(module->build_id_length, 0);
	assert_int_equal(
		strlen(((struct vmatlas_thread *)lane_get(snapshot_view(snapshot)->threads, 1))
				->name),
		15);
	snapshot_free(snapshot);
	model_free(model);
}

static void a_record_that_serves_another_block_is_left_out(void **state)
{
	struct model *model = model_make();
	struct snapshot *snapshot;
	struct blocks_tables tables;
	struct blocks_cursor cursor;
	struct block block;
	int count = 0;

	(void)state;
	model->bigs[1].address = MODEL_FAR + 0x5000;
	snapshot = pass_through(model, 8192);
	tables = view_tables(snapshot_view(snapshot));
	blocks_begin(&cursor, snapshot_view(snapshot)->blocks, &tables);
	while (blocks_next(&cursor, &block))
		count++;
	assert_int_equal(count, 5);
	snapshot_free(snapshot);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_come_back),
		cmocka_unit_test(notices_and_losses_come_back),
		cmocka_unit_test(blocks_come_back),
		cmocka_unit_test(tables_come_back),
		cmocka_unit_test(a_region_in_writing_is_left_out),
		cmocka_unit_test(freed_blocks_come_back_where_they_are_whole),
		cmocka_unit_test(a_history_of_nothing_yet_is_one),
		cmocka_unit_test(unknown_chunks_are_passed_over),
		cmocka_unit_test(smaps_come_back_whatever_the_pieces),
		cmocka_unit_test(pages_come_back),
		cmocka_unit_test(pages_that_were_refused_stay_unknown),
		cmocka_unit_test(smaps_that_end_early_are_told),
		cmocka_unit_test(many_blocks_take_many_chunks),
		cmocka_unit_test(a_full_disk_is_an_error_wherever_it_comes),
		cmocka_unit_test(too_little_scratch_is_refused),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(something_behind_the_end_is_noticed),
		cmocka_unit_test(other_files_are_named),
		cmocka_unit_test(headers_are_checked),
		cmocka_unit_test(records_are_checked),
		cmocka_unit_test(numbers_that_lead_nowhere_become_none),
		cmocka_unit_test(a_record_that_serves_another_block_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
