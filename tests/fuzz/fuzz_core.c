/* fuzz_core.c - any bytes as a core file: an error that tells where, or segments in order, no more
 * than the file has, and a list of mappings that the shim's own reader takes. The tables that lie
 * in it are fuzz_relic's. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/maps_reader.h"
#include "core/view.h"
#include "core_file.h"
#include "core_maps.h"
#include "relic_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The paths of 16 KiB of notes, once for each segment that 16 KiB of headers can tell. */
enum { TEXT_MOST = 16 << 20 };

struct listing {
	const char *text;
	size_t length, at;
};

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void check_path(const struct core_file *core, const char *path)
{
	must(path >= core->notes && path < core->notes + core->notes_length);
	must(memchr(path, 0, (size_t)(core->notes + core->notes_length - path)) != NULL);
}

static void check_segments(const struct core_file *core)
{
	uint64_t held = 0;

	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		must(segment->start < segment->end && !(segment->start % 4096));
		must(!i || segment->start >= core->segment[i - 1].end);
		must(segment->held <= segment->end - segment->start);
		must(!segment->held || segment->offset <= core->size - segment->held);
		must(!segment->path == !segment->path_number);
		must(core_file_find(core, segment->start) == segment);
		must(core_file_find(core, segment->end - 1) == segment);
		if (segment->path)
			check_path(core, segment->path);
		held += segment->held;
	}
	must(held <= core->size);
}

static ssize_t read_listing(void *context, void *buffer, size_t size)
{
	struct listing *listing = context;

	if (size > listing->length - listing->at)
		size = listing->length - listing->at;
	memcpy(buffer, listing->text + listing->at, size);
	listing->at += size;
	return (ssize_t)size;
}

/* One line for each segment, with its addresses. */
static void check_listing(const struct core_file *core, const char *text, size_t length)
{
	static char buffer[64 << 10];
	struct listing listing = {text, length, 0};
	struct maps_reader reader;
	struct maps_line line;
	size_t lines = 0;

	must(length <= TEXT_MOST);
	maps_reader_init(&reader, buffer, sizeof(buffer), read_listing, &listing);
	for (; maps_reader_take(&reader, &line) > 0; lines++) {
		must(lines < core->segments);
		must(line.start == core->segment[lines].start);
		must(line.end == core->segment[lines].end);
		must(line.perms == core->segment[lines].perms);
	}
	must(lines == core->segments);
}

static void check_maps(const struct core_file *core, struct relic_memory *memory)
{
	char *text = NULL;
	size_t length = 0;

	must(core_maps_make(core, memory, &text, &length) == 0);
	check_listing(core, text, length);
	free(text);
}

/* What is found in the memory lies in the file. */
static void check_memory(const struct core_file *core, FILE *file, struct snapshot_fault *fault)
{
	struct relic_memory memory;
	struct view view = {.exe = NULL};
	int error;

	*fault = (struct snapshot_fault){0, ""};
	error = relic_core_open(&memory, file, core, fault);
	must(error == 0 || error == ENOMEM || (error == EILSEQ && fault->reason[0]));
	if (error != ENOMEM)
		check_maps(core, &memory);
	relic_core_names(core, &view);
	must(view.exe && strlen(view.name) <= 16 && view.argv_length == strlen(view.argv) + 1);
	relic_core_own(core, &memory, &view);
	must(view.owns <= VIEW_OWN);
	relic_memory_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot_fault fault = {0, ""};
	struct core_file core;
	FILE *file;
	int error;

	if (!core_file_begins((const char *)data, size))
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "rb");
	must(file != NULL);
	error = core_file_read(&core, file, &fault);
	must(error == 0 || error == ENOMEM || (error == EILSEQ && fault.reason[0]));
	if (!error) {
		check_segments(&core);
		check_memory(&core, file, &fault);
	}
	core_file_free(&core);
	fclose(file);
	return 0;
}
