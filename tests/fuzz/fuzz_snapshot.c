/* fuzz_snapshot.c - any bytes as a snapshot: an error that tells where, or a view that holds. */

#include "core/freed.h"
#include "core/report.h"
#include "tools/html_moment.h"
#include "tools/snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void walk_blocks(const struct view *view)
{
	struct blocks_tables tables = view_tables(view);
	struct blocks_cursor cursor;
	struct block block;
	uint64_t before = 0;

	blocks_begin(&cursor, view->blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		must(blocks_window(block.address) >= before);
		before = blocks_window(block.address);
	}
}

/* Every text, every frame up to its outermost caller. */
static void walk_tables(const struct view *view)
{
	size_t length, bytes = 0;

	for (uint32_t id = 1; id <= lane_count(view->frames); id++) {
		const struct vmatlas_frame *frame = lane_get(view->frames, id);

		for (int depth = 0; depth < 4096 && frame; depth++) {
			must(!frame->module || lane_find(view->modules, frame->module));
			frame = lane_find(view->frames, frame->parent);
		}
	}
	for (uint32_t id = 1; id <= lane_count(view->strings); id++) {
		const char *text = view_string(view, id, &length);

		for (size_t i = 0; i < length; i++)
			bytes += text[i] != 0;
	}
	must(bytes <= (uint64_t)lane_count(view->strings) * lane_count(view->strings) * 64);
}

/* What is remembered of an address is a block that held it, and what was before that is older. */
static void walk_freed(const struct view *view)
{
	struct vmatlas_freed freed, last;

	must(!view->freed == !view->history);
	for (uint32_t id = 1; view->freed && id <= lane_count(view->freed) && id < 100; id++) {
		if (!freed_read(lane_get(view->freed, id), &freed) || freed.freed == UINT64_MAX)
			continue;
		must(freed_last(view->freed, freed.address, UINT64_MAX, &last));
		must(last.freed >= freed.freed);
		if (freed_last(view->freed, freed.address, last.freed, &freed))
			must(freed.freed < last.freed);
	}
}

static void walk_pages(const struct view *view)
{
	uint64_t from = 0, before = 0;
	struct view_run runs[3];
	size_t count;

	while (view->runs && (count = view->runs(view->context, &from, UINT64_MAX - 1, runs, 3)))
		for (size_t i = 0; i < count; i++) {
			must(runs[i].start < runs[i].end && runs[i].start >= before);
			must(runs[i].state && runs[i].state < 16);
			before = runs[i].end;
		}
}

static void walk_texts(const struct view *view)
{
	size_t bytes = strlen(view->exe) + strlen(view->name) + strlen(view->kernel);

	for (unsigned i = 0; i < view->notices; i++)
		bytes += strlen(view->notice[i]);
	for (unsigned i = 0; i < view->losts; i++)
		bytes += strlen(view->lost[i].name) + strlen(view->lost[i].explanation);
	must(bytes < SIZE_MAX);
	must(view->argv_length == 0 || view->argv[view->argv_length - 1] == '\0');
}

static int count_bytes(void *context, const char *bytes, size_t length)
{
	(void)bytes;
	*(size_t *)context += length;
	return 0;
}

static void write_reports(const struct atlas *atlas)
{
	const struct names names = {NULL, NULL};
	struct report_options options = {.blocks = true};
	size_t words = report_scratch(atlas, &options), bytes = 0;
	char buffer[4096];
	struct text text;

	options.scratch_words = words;
	for (int json = 0; json < 2; json++) {
		options.scratch = calloc(words + 1, sizeof(uint64_t));
		text_init(&text, buffer, sizeof(buffer), count_bytes, &bytes);
		must((json ? report_json : report_text)(atlas, &names, &options, &text) == 0);
		free(options.scratch);
	}
	must(bytes > 0);
}

/* What `vmatlas report --html` writes of it: base64, and nothing that ends its element. */
static void write_page(const struct view *view, const struct atlas *atlas)
{
	struct export_process process = {.path = "fuzzed", .view = *view, .atlas = *atlas};
	char *page = NULL;
	size_t length;
	FILE *stream = open_memstream(&page, &length);

	process.options.scratch_words = REPORT_PATH_WORDS;
	process.options.scratch = calloc(REPORT_PATH_WORDS, sizeof(uint64_t));
	report_begin(&process.report, &process.atlas, &process.names, &process.options, NULL);
	must(html_moment_write(stream, &process, 0, true) == 0);
	fclose(stream);
	for (const char *at = page; (at = strstr(at, "<script")); at = strchr(at, '<')) {
		at = strchr(at, '>') + 1;
		must(strspn(at, BASE64) == strcspn(at, "<"));
	}
	free(process.options.scratch);
	free(page);
}

static void make_atlas(const struct snapshot *snapshot)
{
	const struct view *view = snapshot_view(snapshot);
	size_t size = atlas_memory(view, snapshot_mappings(snapshot));
	void *memory = calloc(1, size);
	struct atlas atlas;

	atlas_make(&atlas, view, memory, size, snapshot_mappings(snapshot));
	write_reports(&atlas);
	write_page(view, &atlas);
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct snapshot *snapshot = NULL;
	struct snapshot_fault fault = {0, ""};
	int error;

	if (!file)
		return 0;
	error = snapshot_read(file, &snapshot, &fault);
	fclose(file);
	must(!error == !!snapshot);
	must(error != EILSEQ || (fault.reason[0] && fault.offset <= size));
	if (snapshot) {
		walk_blocks(snapshot_view(snapshot));
		walk_tables(snapshot_view(snapshot));
		walk_pages(snapshot_view(snapshot));
		walk_freed(snapshot_view(snapshot));
		walk_texts(snapshot_view(snapshot));
		make_atlas(snapshot);
	}
	snapshot_free(snapshot);
	return 0;
}
