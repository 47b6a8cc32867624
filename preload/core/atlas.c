#include "atlas.h"
#include "atlas_blocks.h"
#include "atlas_maps.h"
#include "atlas_owners.h"

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

static uint32_t frames_room(const struct view *view)
{
	return lane_count(view->frames) + FRAMES_MARGIN;
}

size_t atlas_memory(const struct view *view, uint32_t mappings)
{
	return aligned(mappings * sizeof(struct atlas_mapping)) +
	       aligned(stack_room(view) * sizeof(struct atlas_stack)) +
	       aligned((frames_room(view) + 1) * sizeof(uint32_t)) +
	       aligned(paths_room(mappings) + BUFFER_BYTES);
}

static void lay_out(struct atlas *atlas, char *memory, uint32_t mappings)
{
	atlas->mapping = (struct atlas_mapping *)memory;
	memory += aligned(mappings * sizeof *atlas->mapping);
	atlas->stack_room = stack_room(atlas->view);
	atlas->stack = (struct atlas_stack *)memory;
	memory += aligned(atlas->stack_room * sizeof *atlas->stack);
	atlas->frames = frames_room(atlas->view);
	atlas->stack_of = (uint32_t *)memory;
	memory += aligned((atlas->frames + 1) * sizeof *atlas->stack_of);
	atlas->paths = memory;
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

static enum atlas_row row_of(const struct atlas_mapping *mapping)
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

	if ((mapping->kind == KIND_ANON || mapping->kind == KIND_JIT) &&
		mapping->owner == ATLAS_OWNER_NONE)
		return ATLAS_UNEXPLAINED;
	if (mapping->kind == KIND_ANON && mapping->owner == ATLAS_OWNER_LOADER)
		return ATLAS_LOADER;
	return (enum atlas_row)rows[mapping->kind < KIND_COUNT ? mapping->kind : KIND_OTHER];
}

/* The pages were looked at a moment after smaps: a block that came between is no more than what
 * smaps counted. */
static void enter_allocator(struct atlas *atlas, struct atlas_mapping *mapping)
{
	uint64_t live =
		mapping->live_resident < mapping->rss ? mapping->live_resident : mapping->rss;

	if (!atlas->pages_known) {
		atlas->row[ATLAS_UNEXPLAINED] += mapping->rss;
		return;
	}
	mapping->retained = mapping->rss - live;
	if (mapping->pinned > mapping->retained)
		mapping->pinned = mapping->retained;
	mapping->trimmable = mapping->retained - mapping->pinned;
	atlas->row[ATLAS_LIVE] += live;
	atlas->row[ATLAS_RETAINED] += mapping->retained;
	atlas->pinned += mapping->pinned;
	atlas->trimmable += mapping->trimmable;
}

static void enter(struct atlas *atlas, struct atlas_mapping *mapping)
{
	atlas->rss += mapping->rss;
	atlas->pss += mapping->pss;
	atlas->swap += mapping->swap;
	atlas->size += mapping->end - mapping->start;
	if (atlas_owners_is_allocators(mapping)) {
		enter_allocator(atlas, mapping);
		return;
	}
	atlas->row[row_of(mapping)] += mapping->rss;
	mapping->pinned = 0; /* a block came after smaps was read, and its mapping changed */
}

int atlas_make(
	struct atlas *atlas, const struct view *view, void *memory, size_t size, uint32_t mappings)
{
	int error;

	(void)size;
	memset(atlas, 0, sizeof *atlas);
	atlas->view = view;
	atlas->pages_known = view->runs != NULL;
	lay_out(atlas, memory, mappings);
	error = atlas_maps_read(atlas, mappings, paths_room(mappings));
	atlas_owners_find(atlas);
	atlas_blocks_count(atlas);
	/* A block is counted at its origin before it is in the table: this order never finds more
	 * blocks than allocations. */
	count_origins(atlas);
	atlas_owners_allocator(atlas);
	for (uint32_t i = 0; i < atlas->mappings; i++)
		enter(atlas, &atlas->mapping[i]);
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
