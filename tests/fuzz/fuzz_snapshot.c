/* fuzz_snapshot.c - any bytes as a snapshot: an error that tells where, or a view that holds.
 *
 * libFuzzer: clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Ipreload -I.
 *            tests/fuzz/fuzz_snapshot.c tools/{snapshot,intake,placed,pageruns,complain}.c
 *            preload/core/{view,blocks,lane,maps,maps_reader}.c
 * Without it (-DFUZZ_FILES, any compiler) the program reads the files that it is given. */

#include "tools/snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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
		walk_texts(snapshot_view(snapshot));
	}
	snapshot_free(snapshot);
	return 0;
}

#ifdef FUZZ_FILES
int main(int argc, char **argv)
{
	static uint8_t bytes[1 << 20];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (file) {
			LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof(bytes), file));
			fclose(file);
		}
	}
	return 0;
}
#endif
