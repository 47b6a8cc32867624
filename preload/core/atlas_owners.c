#include "atlas_owners.h"

/* glibc's heaps for threads are aligned to their largest size (HEAP_MAX_SIZE, malloc/arena.c). */
#define ARENA_BYTES ((uint64_t)64 << 20)
/* The smallest that it maps without being told to (DEFAULT_MMAP_THRESHOLD_MIN). */
#define MALLOC_MMAP_LEAST ((uint64_t)128 << 10)

/* By its shape and its blocks, where glibc's own headers could not be read. */
static bool is_arena(const struct atlas *atlas, const struct atlas_part *part)
{
	const struct atlas_mapping *mapping = &atlas->mapping[part->mapping];
	const struct atlas_mapping *next = mapping + 1;

	if (mapping->start % ARENA_BYTES || mapping->end - mapping->start > ARENA_BYTES)
		return false;
	if (mapping->end - mapping->start == ARENA_BYTES)
		return true;
	return next < atlas->mapping + atlas->mappings && next->start == mapping->end &&
	       !next->perms && next->end <= mapping->start + ARENA_BYTES;
}

bool atlas_owners_is_allocators(const struct atlas_part *part)
{
	return part->kind == KIND_HEAP || part->kind == KIND_ARENA ||
	       part->kind == KIND_MALLOC_MMAP || part->owner == ATLAS_OWNER_ALLOCATOR;
}

/* What the program gave another protection is the allocator's all the same; and what only looks
 * like a thread's stack, or its guard, is not one; nor is a stack that a block lies in: the program
 * gave the thread memory from malloc. */
static bool may_be_allocators(const struct atlas_part *part)
{
	switch (part->kind) {
	case KIND_ANON:
	case KIND_JIT:
	case KIND_RESERVE:
	case KIND_THREAD_STACK:
	case KIND_GUARD:
		return true;
	default:
		return false;
	}
}

static uint8_t allocators_kind(const struct atlas *atlas, const struct atlas_part *part)
{
	if (part->kind == KIND_GUARD)
		return KIND_RESERVE;
	if (part->kind != KIND_ANON && part->kind != KIND_THREAD_STACK)
		return part->kind;
	if (!part->live_blocks || !atlas->view->glibc)
		return KIND_ANON;
	if (is_arena(atlas, part))
		return KIND_ARENA;
	return part->smallest >= MALLOC_MMAP_LEAST ? KIND_MALLOC_MMAP : KIND_ANON;
}

static void find_allocator(const struct atlas *atlas, struct atlas_part *part)
{
	if (part->kind == KIND_ARENA && !atlas->view->glibc)
		part->kind = KIND_ANON; /* as lines alone could not tell */
	if (may_be_allocators(part) && (part->live_blocks || part->spanned)) {
		part->kind = allocators_kind(atlas, part);
		part->owner = ATLAS_OWNER_ALLOCATOR;
	}
	if (part->kind == KIND_HEAP || part->kind == KIND_ARENA)
		part->owner = ATLAS_OWNER_ALLOCATOR;
}

void atlas_owners_allocator(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->parts; i++)
		find_allocator(atlas, &atlas->part[i]);
}
