#include "atlas.h"
#include "atlas_blocks.h"
#include "atlas_fold.h"
#include "atlas_maps.h"
#include "atlas_owners.h"
#include "atlas_parts.h"
#include "atlas_regions.h"
#include "atlas_room.h"
#include "atlas_stacks.h"

#include <string.h>

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

enum atlas_row atlas_row_of(const struct atlas *atlas, const struct atlas_part *part)
{
	if (!atlas->pages_known &&
		(atlas->mapping[part->mapping].parts > 1 || atlas_owners_is_allocators(part)))
		return ATLAS_UNEXPLAINED;
	return atlas_owners_is_allocators(part) ? ATLAS_RETAINED : row_of(part);
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
	int error;

	memset(atlas, 0, sizeof *atlas);
	atlas->view = view;
	atlas->pages_known = view->runs != NULL;
	atlas->slack_known = view->glibc;
	atlas_room_lay_out(atlas, memory, size, mappings);
	error = atlas_maps_read(atlas, mappings, atlas->paths_room);
	atlas_regions_find(atlas);
	atlas_parts_cut(atlas);
	atlas_blocks_count(atlas);
	atlas_stacks_count(atlas);
	atlas_owners_allocator(atlas);
	atlas_parts_weigh(atlas);
	for (uint32_t i = 0; i < atlas->mappings; i++)
		enter_mapping(atlas, &atlas->mapping[i]);
	atlas_parts_fold(atlas);
	atlas_stacks_round(atlas);
	atlas_stacks_sort(atlas);
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
