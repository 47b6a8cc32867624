#include "atlas_maps.h"
#include "region.h"

#include <errno.h>
#include <string.h>

enum {
	/* A line of smaps, its neighbour, and room to spare. */
	SMAPS_BUFFER = 16384,
};

/* glibc's heaps for threads are aligned to their largest size (HEAP_MAX_SIZE, malloc/arena.c). */
#define ARENA_BYTES ((uint64_t)64 << 20)
/* A block that glibc mapped for itself stands two size words into its mapping. */
#define MALLOC_MMAP_OFFSET 16u
/* The smallest that it maps without being told to (DEFAULT_MMAP_THRESHOLD_MIN). */
#define MALLOC_MMAP_LEAST ((uint64_t)128 << 10)

/* -- Reading -------------------------------------------------------------------------------- */

static uint32_t keep_path(
	struct atlas *atlas, const char *path, size_t length, uint32_t room, uint32_t *kept)
{
	uint32_t at = atlas->paths_used;

	*kept = 0;
	if (length > room - at) {
		atlas->overflow++;
		return 0;
	}
	memcpy(atlas->paths + at, path, length);
	atlas->paths_used += (uint32_t)length;
	*kept = (uint32_t)length;
	return at;
}

static void take_line(struct atlas *atlas, const struct maps_line *line, uint32_t paths_room)
{
	struct atlas_mapping *mapping = &atlas->mapping[atlas->mappings++];

	*mapping = (struct atlas_mapping){
		.start = line->start,
		.end = line->end,
		.offset = line->offset,
		.inode = line->inode,
		.major = line->major,
		.minor = line->minor,
		.perms = line->perms,
	};
	mapping->path = keep_path(
		atlas, line->path, line->path_length, paths_room, &mapping->path_length);
}

static void take_figures(struct atlas_mapping *mapping, const struct smaps *smaps)
{
	mapping->rss = smaps->rss;
	mapping->pss = smaps->pss;
	mapping->shared_clean = smaps->shared_clean;
	mapping->shared_dirty = smaps->shared_dirty;
	mapping->private_clean = smaps->private_clean;
	mapping->private_dirty = smaps->private_dirty;
	mapping->swap = smaps->swap;
	mapping->anonymous = smaps->anonymous;
	mapping->anon_huge = smaps->anon_huge;
}

struct reading {
	struct atlas *atlas;
	uint32_t room, paths_room;
	struct smaps smaps;
	bool open; /* figures are coming for the last mapping */
};

static void finish(struct reading *reading)
{
	if (reading->open)
		take_figures(&reading->atlas->mapping[reading->atlas->mappings - 1],
			&reading->smaps);
	memset(&reading->smaps, 0, sizeof reading->smaps);
	reading->open = false;
}

/* The kernel reads a map that changes under it: a line that begins before the last one's end is of
 * another moment, and left out. */
static void read_header(struct reading *reading, const char *text, size_t length)
{
	struct atlas *atlas = reading->atlas;
	struct maps_line line;

	finish(reading);
	if (maps_parse(text, length, &line, NULL)) {
		atlas->damaged++;
		return;
	}
	if (atlas->mappings && line.start < atlas->mapping[atlas->mappings - 1].end) {
		atlas->damaged++;
		return;
	}
	if (atlas->mappings == reading->room) {
		atlas->overflow++;
		return;
	}
	maps_line_normalise(&line);
	take_line(atlas, &line, reading->paths_room);
	reading->open = true;
}

static void line_of(const struct atlas *atlas, uint32_t index, struct maps_line *line)
{
	const struct atlas_mapping *mapping = &atlas->mapping[index];

	*line = (struct maps_line){
		.start = mapping->start,
		.end = mapping->end,
		.offset = mapping->offset,
		.inode = mapping->inode,
		.major = mapping->major,
		.minor = mapping->minor,
		.perms = mapping->perms,
		.path = atlas->paths + mapping->path,
		.path_length = mapping->path_length,
	};
}

static void set_kinds(struct atlas *atlas)
{
	struct kind_context context = {0};
	struct maps_line line, next;

	for (uint32_t i = 0; i < atlas->mappings; i++) {
		line_of(atlas, i, &line);
		context.next = NULL;
		if (i + 1 < atlas->mappings) {
			line_of(atlas, i + 1, &next);
			context.next = &next;
		}
		atlas->mapping[i].kind = (uint8_t)kind_of(&line, &context);
		kind_advance(&context, &line, (enum kind)atlas->mapping[i].kind);
	}
}

static void read_lines(struct reading *reading, struct maps_reader *reader, int *more)
{
	const char *text;
	size_t length;

	while ((*more = maps_reader_next(reader, &text, &length)) > 0) {
		switch (smaps_line(text, length, &reading->smaps)) {
		case SMAPS_HEADER:
			read_header(reading, text, length);
			break;
		case SMAPS_DAMAGED:
			reading->atlas->damaged++;
			break;
		case SMAPS_KEY:
		case SMAPS_UNKNOWN_KEY:
			break;
		}
	}
	finish(reading);
	reading->atlas->damaged += reader->too_long;
}

int atlas_maps_read(struct atlas *atlas, uint32_t room, uint32_t paths_room)
{
	char *buffer = atlas->paths + paths_room; /* atlas_memory leaves room behind the paths */
	struct reading reading = {.atlas = atlas, .room = room, .paths_room = paths_room};
	struct maps_reader reader;
	int more = atlas->view->smaps_rewind(atlas->view->context);

	if (more < 0)
		return -more;
	maps_reader_init(
		&reader, buffer, SMAPS_BUFFER, atlas->view->smaps_read, atlas->view->context);
	read_lines(&reading, &reader, &more);
	if (more < 0)
		return -more;
	set_kinds(atlas);
	return atlas->mappings ? 0 : ENODATA;
}

/* -- Owners --------------------------------------------------------------------------------- */

static void own_ranges(struct atlas *atlas)
{
	for (unsigned i = 0; i < atlas->view->owns; i++) {
		const struct view_range *range = &atlas->view->own[i];
		struct atlas_mapping *mapping = atlas_find(atlas, range->start);

		for (; mapping && mapping < atlas->mapping + atlas->mappings &&
			mapping->start < range->end;
			mapping++) {
			mapping->kind = KIND_VMATLAS;
			mapping->owner = ATLAS_OWNER_VMATLAS;
		}
	}
}

static void own_guard(struct atlas *atlas, struct atlas_mapping *stack, uint32_t thread)
{
	struct atlas_mapping *below = stack - 1;

	if (stack == atlas->mapping || below->end != stack->start || below->perms)
		return;
	below->kind = KIND_GUARD;
	below->owner = ATLAS_OWNER_THREAD;
	below->thread = thread;
}

/* Where a stack was allocated by the program itself, in the heap say, the mapping is not the
 * thread's. */
static void own_stack(struct atlas *atlas, uint32_t id, const struct vmatlas_thread *thread)
{
	struct atlas_mapping *mapping = atlas_find(atlas, thread->stack_start);

	if (!mapping || (mapping->kind != KIND_ANON && mapping->kind != KIND_THREAD_STACK))
		return;
	mapping->kind = KIND_THREAD_STACK;
	mapping->owner = ATLAS_OWNER_THREAD;
	mapping->thread = id;
	own_guard(atlas, mapping, id);
}

static void own_stacks(struct atlas *atlas)
{
	const struct lane *threads = atlas->view->threads;
	uint32_t count = lane_count(threads);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && !thread->ended && thread->stack_end)
			own_stack(atlas, id, thread);
	}
}

static bool may_be_mapped_by_call(const struct atlas_mapping *mapping)
{
	return mapping->kind == KIND_ANON || mapping->kind == KIND_RESERVE ||
	       mapping->kind == KIND_JIT || mapping->kind == KIND_SHMEM ||
	       mapping->kind == KIND_SYSV || mapping->kind == KIND_HUGETLB;
}

/* Of several regions in one mapping the largest gives its name. */
static void own_region(struct atlas *atlas, const struct vmatlas_region *region)
{
	struct atlas_mapping *mapping = atlas_find(atlas, region->start);
	uint64_t start, end;

	for (; mapping && mapping < atlas->mapping + atlas->mappings && mapping->start < region->end;
		mapping++) {
		start = region->start > mapping->start ? region->start : mapping->start;
		end = region->end < mapping->end ? region->end : mapping->end;
		mapping->regions_bytes += end - start;
		if (!may_be_mapped_by_call(mapping) || end - start <= mapping->region_largest)
			continue;
		mapping->region_largest = end - start;
		mapping->owner = region->call == VMATLAS_CALL_BEFORE ? ATLAS_OWNER_LOADER
								     : ATLAS_OWNER_CALL;
		mapping->frame = region->frame;
		mapping->thread = region->thread;
	}
}

static void own_regions(struct atlas *atlas)
{
	const struct lane *regions = atlas->view->regions;
	uint32_t count = lane_count(regions);
	struct vmatlas_region region;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(regions, id);

		if (record && region_read(record, &region))
			own_region(atlas, &region);
	}
}

/* A .bss is its module's: the mapping of a file that stands before it. */
static void own_bss(struct atlas *atlas)
{
	for (uint32_t i = 1; i < atlas->mappings; i++) {
		struct atlas_mapping *mapping = &atlas->mapping[i];

		if (mapping->kind != KIND_BSS || mapping->path_length)
			continue;
		mapping->module_path = mapping[-1].path_length ? mapping[-1].path
							       : mapping[-1].module_path;
		mapping->module_path_length = mapping[-1].path_length
						      ? mapping[-1].path_length
						      : mapping[-1].module_path_length;
		mapping->owner = ATLAS_OWNER_PATH;
	}
}

void atlas_maps_own(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		if (atlas->mapping[i].path_length)
			atlas->mapping[i].owner = ATLAS_OWNER_PATH;
	}
	own_bss(atlas);
	own_ranges(atlas);
	own_stacks(atlas);
	own_regions(atlas);
}

/* -- The allocator -------------------------------------------------------------------------- */

static bool is_arena(const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	const struct atlas_mapping *next = mapping + 1;

	if (mapping->start % ARENA_BYTES || mapping->end - mapping->start > ARENA_BYTES)
		return false;
	if (mapping->end - mapping->start == ARENA_BYTES)
		return true;
	return next < atlas->mapping + atlas->mappings && next->start == mapping->end &&
	       !next->perms && next->end <= mapping->start + ARENA_BYTES;
}

static bool is_malloc_mmap(const struct atlas_mapping *mapping)
{
	return mapping->smallest >= MALLOC_MMAP_LEAST;
}

bool atlas_maps_of_allocator(const struct atlas_mapping *mapping)
{
	return mapping->kind == KIND_HEAP || mapping->kind == KIND_ARENA ||
	       mapping->kind == KIND_MALLOC_MMAP || mapping->owner == ATLAS_OWNER_ALLOCATOR;
}

static void find_allocator(const struct atlas *atlas, struct atlas_mapping *mapping)
{
	if (mapping->kind == KIND_ANON && mapping->live_blocks) {
		if (atlas->view->glibc && is_arena(atlas, mapping))
			mapping->kind = KIND_ARENA;
		else if (atlas->view->glibc && is_malloc_mmap(mapping))
			mapping->kind = KIND_MALLOC_MMAP;
		mapping->owner = ATLAS_OWNER_ALLOCATOR;
	}
	if (mapping->kind == KIND_HEAP)
		mapping->owner = ATLAS_OWNER_ALLOCATOR;
}

void atlas_maps_allocator(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++)
		find_allocator(atlas, &atlas->mapping[i]);
}
