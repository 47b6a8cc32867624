#include "atlas_owners.h"
#include "region.h"

/* glibc's heaps for threads are aligned to their largest size (HEAP_MAX_SIZE, malloc/arena.c). */
#define ARENA_BYTES ((uint64_t)64 << 20)
/* The smallest that it maps without being told to (DEFAULT_MMAP_THRESHOLD_MIN). */
#define MALLOC_MMAP_LEAST ((uint64_t)128 << 10)

static void own_ranges(struct atlas *atlas)
{
	for (unsigned i = 0; i < atlas->view->owns; i++) {
		const struct view_range *range = &atlas->view->own[i];
		struct atlas_mapping *mapping = atlas_past(atlas, range->start);

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
	struct atlas_mapping *below = stack > atlas->mapping ? stack - 1 : NULL;

	if (!below || below->end != stack->start || below->perms)
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
/* Memory above a few inaccessible pages looks like a stack, in maps alone; where a call that was
 * seen made it, and no thread of ours has its stack there, it is the caller's. */
static void unguess(struct atlas_mapping *mapping, const struct vmatlas_region *region)
{
	if (region->call == VMATLAS_CALL_BEFORE || mapping->owner == ATLAS_OWNER_THREAD)
		return;
	if (mapping->kind == KIND_THREAD_STACK)
		mapping->kind = KIND_ANON;
	else if (mapping->kind == KIND_GUARD)
		mapping->kind = KIND_RESERVE;
}

static void own_region(struct atlas *atlas, const struct vmatlas_region *region)
{
	struct atlas_mapping *mapping = atlas_past(atlas, region->start);
	uint64_t start, end;

	for (; mapping && mapping < atlas->mapping + atlas->mappings &&
		mapping->start < region->end;
		mapping++) {
		start = region->start > mapping->start ? region->start : mapping->start;
		end = region->end < mapping->end ? region->end : mapping->end;
		mapping->regions_bytes += end - start;
		unguess(mapping, region);
		if (!may_be_mapped_by_call(mapping) || end - start <= mapping->region_largest)
			continue;
		mapping->region_largest = end - start;
		mapping->owner =
			region->call == VMATLAS_CALL_BEFORE ? ATLAS_OWNER_LOADER : ATLAS_OWNER_CALL;
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
		mapping->module_path =
			mapping[-1].path_length ? mapping[-1].path : mapping[-1].module_path;
		mapping->module_path_length = mapping[-1].path_length
						      ? mapping[-1].path_length
						      : mapping[-1].module_path_length;
		mapping->owner = ATLAS_OWNER_PATH;
	}
}

void atlas_owners_find(struct atlas *atlas)
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

bool atlas_owners_is_allocators(const struct atlas_mapping *mapping)
{
	return mapping->kind == KIND_HEAP || mapping->kind == KIND_ARENA ||
	       mapping->kind == KIND_MALLOC_MMAP || mapping->owner == ATLAS_OWNER_ALLOCATOR;
}

/* What the program gave another protection is the allocator's all the same; and what only looks
 * like a thread's stack, or its guard, is not one. */
static bool may_be_allocators(const struct atlas_mapping *mapping)
{
	switch (mapping->kind) {
	case KIND_ANON:
	case KIND_JIT:
	case KIND_RESERVE:
		return true;
	case KIND_THREAD_STACK:
	case KIND_GUARD:
		return mapping->owner != ATLAS_OWNER_THREAD;
	default:
		return false;
	}
}

static uint8_t allocators_kind(const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	if (mapping->kind == KIND_GUARD)
		return KIND_RESERVE;
	if (mapping->kind != KIND_ANON && mapping->kind != KIND_THREAD_STACK)
		return mapping->kind;
	if (!mapping->live_blocks || !atlas->view->glibc)
		return KIND_ANON;
	if (is_arena(atlas, mapping))
		return KIND_ARENA;
	return is_malloc_mmap(mapping) ? KIND_MALLOC_MMAP : KIND_ANON;
}

static void find_allocator(const struct atlas *atlas, struct atlas_mapping *mapping)
{
	if (mapping->kind == KIND_ARENA && !atlas->view->glibc)
		mapping->kind = KIND_ANON; /* as lines alone could not tell */
	if (may_be_allocators(mapping) && (mapping->live_blocks || mapping->spanned)) {
		mapping->kind = allocators_kind(atlas, mapping);
		mapping->owner = ATLAS_OWNER_ALLOCATOR;
	}
	if (mapping->kind == KIND_HEAP || mapping->kind == KIND_ARENA)
		mapping->owner = ATLAS_OWNER_ALLOCATOR;
}

void atlas_owners_allocator(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++)
		find_allocator(atlas, &atlas->mapping[i]);
}
