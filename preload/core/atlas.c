#include "atlas.h"
#include "atlas_blocks.h"
#include "atlas_maps.h"
#include "atlas_owners.h"
#include "atlas_parts.h"
#include "atlas_regions.h"

#include <string.h>

enum {
	/* What may come while we work: other threads do not stop. */
	FRAMES_MARGIN = 4096,
	STACKS_MARGIN = 4096,
	/* Most names are shorter; a few thousand bytes for those that are not. */
	PATH_BYTES = 96,
	PATHS_LEAST = 65536,
	BUFFER_BYTES = 16384,
};

static size_t aligned(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

/* Each call stack with an origin has an entry, and there are no more than frames. */
static uint32_t stack_room(const struct view *view)
{
	uint32_t origins = lane_count(view->origins), frames = lane_count(view->frames);

	return (origins < frames ? origins : frames) + STACKS_MARGIN;
}

static uint32_t paths_room(uint32_t mappings)
{
	return PATHS_LEAST + mappings * PATH_BYTES;
}

/* How many of each there may be. */
struct rooms {
	uint32_t mappings, regions, parts, stacks, frames;
};

static struct rooms rooms_of(const struct view *view, uint32_t mappings)
{
	struct rooms rooms = {
		.mappings = mappings,
		.regions = atlas_regions_room(view),
		.stacks = stack_room(view),
		.frames = lane_count(view->frames) + FRAMES_MARGIN,
	};

	rooms.parts = atlas_parts_room(mappings, rooms.regions);
	return rooms;
}

static size_t memory_of(const struct rooms *rooms)
{
	return aligned(rooms->mappings * sizeof(struct atlas_mapping)) +
	       aligned(rooms->parts * sizeof(struct atlas_part)) +
	       aligned(rooms->regions * sizeof(struct atlas_region)) +
	       aligned(rooms->regions * sizeof(struct span)) + aligned(sizeof(struct atlas_lists)) +
	       aligned(rooms->stacks * sizeof(struct atlas_stack)) +
	       aligned((rooms->frames + 1) * sizeof(uint32_t)) +
	       aligned(paths_room(rooms->mappings) + BUFFER_BYTES);
}

size_t atlas_memory(const struct view *view, uint32_t mappings)
{
	struct rooms rooms = rooms_of(view, mappings);

	return memory_of(&rooms);
}

static void *take(char **memory, size_t size)
{
	void *piece = *memory;

	*memory += aligned(size);
	return piece;
}

/* The tables may have grown since atlas_memory was asked: what does not fit is done without. */
static struct rooms rooms_within(const struct view *view, uint32_t mappings, size_t size)
{
	struct rooms rooms = rooms_of(view, mappings);
	size_t needed;

	while ((needed = memory_of(&rooms)) > size && rooms.regions) {
		uint32_t less = (uint32_t)((needed - size) / sizeof(struct atlas_part)) + 1;

		rooms.regions -= less < rooms.regions ? less : rooms.regions;
		rooms.parts = atlas_parts_room(mappings, rooms.regions);
	}
	if (needed > size) {
		uint32_t less = (uint32_t)((needed - size) / sizeof(uint32_t)) + 16;

		rooms.frames -= less < rooms.frames ? less : rooms.frames;
	}
	return rooms;
}

/* Each list as long as it wants to be, until nothing is left. */
static void lay_out_lists(struct atlas *atlas, struct span *span, uint32_t room)
{
	for (int i = 0; i < ATLAS_LISTS; i++) {
		struct spans *list = &atlas->lists->list[i];
		uint32_t wanted = atlas_regions_list_room(atlas->view, (enum atlas_list)i);

		list->room = wanted < room ? wanted : room;
		list->span = span;
		span += list->room;
		room -= list->room;
	}
}

static void lay_out(struct atlas *atlas, char *memory, const struct rooms *rooms)
{
	struct span *span;

	atlas->part_room = rooms->parts;
	atlas->region_room = rooms->regions;
	atlas->stack_room = rooms->stacks;
	atlas->frames = rooms->frames;
	atlas->mapping = take(&memory, rooms->mappings * sizeof *atlas->mapping);
	atlas->part = take(&memory, rooms->parts * sizeof *atlas->part);
	atlas->region = take(&memory, rooms->regions * sizeof *atlas->region);
	span = take(&memory, rooms->regions * sizeof *span);
	atlas->lists = take(&memory, sizeof *atlas->lists);
	atlas->stack = take(&memory, rooms->stacks * sizeof *atlas->stack);
	atlas->stack_of = take(&memory, (rooms->frames + 1) * sizeof *atlas->stack_of);
	atlas->paths = memory;
	lay_out_lists(atlas, span, rooms->regions);
}

/* -- Call stacks ---------------------------------------------------------------------------- */

static void count_origins(struct atlas *atlas)
{
	uint32_t count = lane_count(atlas->view->origins);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_origin *origin = lane_find(atlas->view->origins, id);
		struct atlas_stack *stack = origin ? atlas_stack_of(atlas, origin->frame) : NULL;

		if (!stack)
			continue;
		stack->allocations += __atomic_load_n(&origin->allocations, __ATOMIC_RELAXED);
		stack->allocated_bytes +=
			__atomic_load_n(&origin->allocated_bytes, __ATOMIC_RELAXED);
	}
}

/* Whether a comes after b in the report. */
static bool after(const struct atlas_stack *a, const struct atlas_stack *b)
{
	if (a->live_bytes != b->live_bytes)
		return a->live_bytes < b->live_bytes;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes;
	return a->frame > b->frame;
}

/* The one that comes last is at the root. */
static void sift(struct atlas_stack *stack, uint32_t at, uint32_t count)
{
	struct atlas_stack moved = stack[at];
	uint32_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && after(&stack[child + 1], &stack[child]))
			child++;
		if (!after(&stack[child], &moved))
			break;
		stack[at] = stack[child];
		at = child;
	}
	stack[at] = moved;
}

/* Heapsort: in place, and no recursion on a stack that may be small. */
static void sort_stacks(struct atlas *atlas)
{
	struct atlas_stack *stack = atlas->stack, last;

	for (uint32_t i = atlas->stacks / 2; i-- > 0;)
		sift(stack, i, atlas->stacks);
	for (uint32_t i = atlas->stacks; i-- > 1;) {
		last = stack[i];
		stack[i] = stack[0];
		stack[0] = last;
		sift(stack, 0, i);
	}
	for (uint32_t i = 0; i < atlas->stacks; i++) {
		stack[i].rank = i + 1;
		atlas->stack_of[stack[i].frame] = i + 1;
	}
}

/* -- The ledger ----------------------------------------------------------------------------- */

static enum atlas_row row_of(const struct atlas_part *part)
{
	static const uint8_t rows[KIND_COUNT] = {
		[KIND_OTHER] = ATLAS_UNEXPLAINED,
		[KIND_TEXT] = ATLAS_ELF_TEXT,
		[KIND_RODATA] = ATLAS_ELF_RODATA,
		[KIND_RELRO] = ATLAS_ELF_RELRO,
		[KIND_DATA] = ATLAS_ELF_DATA,
		[KIND_BSS] = ATLAS_ELF_BSS,
		[KIND_PADDING] = ATLAS_ELF_RODATA,
		[KIND_HEAP] = ATLAS_RETAINED,
		[KIND_ARENA] = ATLAS_RETAINED,
		[KIND_MALLOC_MMAP] = ATLAS_RETAINED,
		[KIND_MAIN_STACK] = ATLAS_MAIN_STACK,
		[KIND_THREAD_STACK] = ATLAS_THREAD_STACKS,
		[KIND_GUARD] = ATLAS_THREAD_STACKS,
		[KIND_VDSO] = ATLAS_KERNEL,
		[KIND_VVAR] = ATLAS_KERNEL,
		[KIND_VSYSCALL] = ATLAS_KERNEL,
		[KIND_FILE] = ATLAS_FILES,
		[KIND_SHMEM] = ATLAS_SHARED,
		[KIND_MEMFD] = ATLAS_SHARED,
		[KIND_SYSV] = ATLAS_SHARED,
		[KIND_DEVICE] = ATLAS_FILES,
		[KIND_HUGETLB] = ATLAS_MMAPPED,
		[KIND_JIT] = ATLAS_MMAPPED,
		[KIND_RESERVE] = ATLAS_MMAPPED,
		[KIND_ANON] = ATLAS_MMAPPED,
		[KIND_VMATLAS] = ATLAS_VMATLAS,
	};

	if ((part->kind == KIND_ANON || part->kind == KIND_JIT) && part->owner == ATLAS_OWNER_NONE)
		return ATLAS_UNEXPLAINED;
	if (part->kind == KIND_ANON && part->owner == ATLAS_OWNER_LOADER)
		return ATLAS_LOADER;
	return (enum atlas_row)rows[part->kind < KIND_COUNT ? part->kind : KIND_OTHER];
}

/* The pages were looked at a moment after smaps: a block that came between is no more than what
 * smaps counted. */
static void enter_allocator(struct atlas *atlas, struct atlas_part *part)
{
	uint64_t live = part->live_resident < part->rss ? part->live_resident : part->rss;
	bool chunks = part->kind == KIND_HEAP || part->kind == KIND_ARENA;

	if (!atlas->pages_known) {
		atlas->row[ATLAS_UNEXPLAINED] += part->rss;
		return;
	}
	part->retained = part->rss - live;
	if (part->pinned > part->retained)
		part->pinned = part->retained;
	if (!atlas->view->glibc || !(chunks || part->kind == KIND_MALLOC_MMAP) ||
		part->trimmable > part->retained - part->pinned)
		part->trimmable = part->retained - part->pinned;
	atlas->row[ATLAS_LIVE] += live;
	atlas->row[ATLAS_RETAINED] += part->retained;
	atlas->pinned += part->pinned;
	atlas->trimmable += part->trimmable;
}

static void enter(struct atlas *atlas, struct atlas_part *part)
{
	if (atlas_owners_is_allocators(part)) {
		enter_allocator(atlas, part);
		return;
	}
	atlas->row[row_of(part)] += part->rss;
	part->pinned = 0; /* a block came after smaps was read, and its mapping changed */
}

/* Where pages are not known, what a mapping of several parts holds is nobody's: it cannot be told
 * whose. */
static void enter_mapping(struct atlas *atlas, const struct atlas_mapping *mapping)
{
	atlas->rss += mapping->rss;
	atlas->pss += mapping->pss;
	atlas->swap += mapping->swap;
	atlas->size += mapping->end - mapping->start;
	if (!mapping->parts || (mapping->parts > 1 && !atlas->pages_known)) {
		atlas->row[ATLAS_UNEXPLAINED] += mapping->rss;
		return;
	}
	for (uint32_t i = 0; i < mapping->parts; i++)
		enter(atlas, &atlas->part[mapping->part + i]);
}

int atlas_make(
	struct atlas *atlas, const struct view *view, void *memory, size_t size, uint32_t mappings)
{
	struct rooms rooms = rooms_within(view, mappings, size);
	int error;

	memset(atlas, 0, sizeof *atlas);
	atlas->view = view;
	atlas->pages_known = view->runs != NULL;
	lay_out(atlas, memory, &rooms);
	error = atlas_maps_read(atlas, mappings, paths_room(mappings));
	atlas_regions_find(atlas);
	atlas_parts_cut(atlas);
	atlas_blocks_count(atlas);
	/* A block is counted at its origin before it is in the table: this order never finds more
	 * blocks than allocations. */
	count_origins(atlas);
	atlas_owners_allocator(atlas);
	atlas_parts_weigh(atlas);
	for (uint32_t i = 0; i < atlas->mappings; i++)
		enter_mapping(atlas, &atlas->mapping[i]);
	atlas_parts_fold(atlas);
	sort_stacks(atlas);
	return error;
}

const char *atlas_row_name(enum atlas_row row)
{
	static const char *const names[ATLAS_ROWS] = {
		[ATLAS_LIVE] = "live",
		[ATLAS_RETAINED] = "retained",
		[ATLAS_MMAPPED] = "mmapped",
		[ATLAS_THREAD_STACKS] = "thread-stacks",
		[ATLAS_LOADER] = "loader",
		[ATLAS_MAIN_STACK] = "main-stack",
		[ATLAS_ELF_TEXT] = "elf-text",
		[ATLAS_ELF_RODATA] = "elf-rodata",
		[ATLAS_ELF_RELRO] = "elf-relro",
		[ATLAS_ELF_DATA] = "elf-data",
		[ATLAS_ELF_BSS] = "elf-bss",
		[ATLAS_FILES] = "files",
		[ATLAS_SHARED] = "shared-memory",
		[ATLAS_KERNEL] = "kernel",
		[ATLAS_VMATLAS] = "vmatlas",
		[ATLAS_UNEXPLAINED] = "unexplained",
	};

	return row < ATLAS_ROWS ? names[row] : "unexplained";
}

/* -- Where call stacks' blocks live --------------------------------------------------------- */

static void add_shares(const struct atlas *atlas, uint32_t ranks, uint64_t *bytes)
{
	struct blocks_tables tables = view_tables(atlas->view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, atlas->view->blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		const struct vmatlas_origin *origin = lane_find(atlas->view->origins, block.origin);
		uint32_t frame = origin && origin->frame <= atlas->frames ? origin->frame : 0;
		uint32_t index = atlas->stack_of[frame];
		const struct atlas_mapping *mapping;

		if (!index || index > ranks)
			continue;
		mapping = atlas_find(atlas, block.address);
		if (mapping)
			bytes[(uint64_t)(index - 1) * atlas->mappings +
				(uint64_t)(mapping - atlas->mapping)] += block.size;
	}
}

static void pick_shares(
	const struct atlas *atlas, unsigned most, struct atlas_share *shares, uint64_t *bytes)
{
	for (unsigned i = 0; i < most; i++) {
		uint32_t best = 0;

		for (uint32_t m = 1; m < atlas->mappings; m++) {
			if (bytes[m] > bytes[best])
				best = m;
		}
		if (!atlas->mappings || !bytes[best])
			best = UINT32_MAX;
		shares[i] = (struct atlas_share){best, best == UINT32_MAX ? 0 : bytes[best]};
		if (best == UINT32_MAX)
			return;
		bytes[best] = 0;
	}
}

void atlas_shares(const struct atlas *atlas, uint32_t ranks, unsigned most,
	struct atlas_share *shares, uint64_t *memory)
{
	add_shares(atlas, ranks, memory);
	for (uint32_t rank = 0; rank < ranks; rank++)
		pick_shares(atlas, most, shares + (uint64_t)rank * most,
			memory + (uint64_t)rank * atlas->mappings);
}
