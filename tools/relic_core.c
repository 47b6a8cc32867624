#include "relic_core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/maps.h"

/* -- The tables ----------------------------------------------------------------------------- */

static bool is_shim(const struct core_segment *segment)
{
	const char *slash = segment->path ? strrchr(segment->path, '/') : NULL;

	return slash && !strcmp(slash, "/libvmatlas.so");
}

/* With VMATLAS_STORE the tables, and of the library's variables those that are tables, are a file
 * that is mapped. The kernel may tell that it was deleted. */
static bool is_store(const struct core_segment *segment)
{
	const char *slash = segment->path ? strrchr(segment->path, '/') : NULL;

	return slash && !strncmp(slash, "/vmatlas.", 9) && strstr(slash, ".store");
}

/* A store whose memory is not in the core: as core(5) has it, if it is not told otherwise. */
static const char *store_elsewhere(const struct core_file *core)
{
	for (size_t i = 0; i < core->segments; i++)
		if (is_store(&core->segment[i]) && !core->segment[i].held)
			return core->segment[i].path;
	return NULL;
}

static bool take_head(struct relic_memory *memory, const struct core_segment *segment)
{
	const char *bytes = NULL;

	if (segment->perms & MAPS_WRITE)
		bytes = relic_memory_at(memory, segment->start, segment->held);
	for (uint64_t at = 0; bytes && at + VMATLAS_STOREFILE_KNOWN <= segment->held; at += 8) {
		if (memcmp(bytes + at, VMATLAS_STOREFILE_MAGIC, 8) != 0)
			continue;
		memcpy(&memory->head, bytes + at, VMATLAS_STOREFILE_KNOWN);
		if (memory->head.byte_order == VMATLAS_BYTE_ORDER)
			return true;
	}
	return false;
}

/* In the library's variables, and those that start as zero behind them. */
static int find_head(struct relic_memory *memory, const struct core_file *core)
{
	bool inside = false, seen = false;
	uint64_t end = 0;

	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		inside = is_shim(segment) ||
			 (inside && segment->start == end && (!segment->path || is_store(segment)));
		seen |= inside;
		end = segment->end;
		if (inside && take_head(memory, segment))
			return relic_memory_check(memory);
	}
	return relic_memory_fault(memory, 0,
		seen ? "a core without the shim's variables (coredump_filter of core(5))"
		     : "the core of a program without the shim");
}

static int fault_of_store(const struct relic_memory *memory, const char *store)
{
	char reason[SNAPSHOT_REASON];

	snprintf(reason, sizeof(reason),
		"the tables of this process are not in its core, but in its store: report %s",
		store);
	return relic_memory_fault(memory, 0, reason);
}

int relic_core_open(struct relic_memory *memory, FILE *file, const struct core_file *core,
	struct snapshot_fault *fault)
{
	const char *store = store_elsewhere(core);

	*memory = (struct relic_memory){.file = file, .file_size = core->size, .fault = fault};
	if (store)
		return fault_of_store(memory, store);
	memory->piece = calloc(core->segments + 1, sizeof(*memory->piece));
	if (!memory->piece)
		return ENOMEM;
	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		if (segment->held)
			relic_memory_add(memory, segment->start, segment->held, segment->offset);
	}
	return find_head(memory, core);
}

/* -- What else is known --------------------------------------------------------------------- */

void relic_core_names(const struct core_file *core, struct view *view)
{
	const struct core_segment *program = core_file_find(core, core->entry);

	view->exe = program && program->path ? program->path : "";
	view->name = core->name;
	view->kernel = "";
	view->argv = core->arguments;
	view->argv_length = strlen(core->arguments) + 1;
}

/* The shim's chunks never melt into other mappings (preload/store.c). Variables behind a library's
 * file are the library's, also those that are a store's between them. */
void relic_core_own(
	const struct core_file *core, const struct relic_memory *memory, struct view *view)
{
	bool library = false;
	uint64_t end = 0;

	view->owns = 0;
	for (size_t i = 0; i < memory->pieces && view->owns < VIEW_OWN; i++) {
		const struct relic_piece *piece = &memory->piece[i];
		const struct core_segment *segment = core_file_find(core, piece->address);
		bool store = is_store(segment);

		library = (segment->path && !store) || (library && segment->start == end);
		end = segment->end;
		if (store || (piece->bytes && !library))
			view->own[view->owns++] = (struct view_range){segment->start, segment->end};
	}
}
