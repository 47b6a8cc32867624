/* world.h - a small process that never was: tables, mappings and an atlas, filled in by hand. */
#ifndef VMATLAS_TEST_WORLD_H
#define VMATLAS_TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/atlas_regions.h"
#include "core/report.h"

#define SERVER 0x400000ull
#define HEAP 0x10000000ull
#define LIBC 0x7f0000000000ull
#define STACK 0x7f1000001000ull
#define ANON 0x7f2000000000ull
#define FILES 0x7f3000000000ull
#define KIB 1024ull
#define TICKS 1000000ull                /* when the shim started */
#define START_NS 1795326072000000000ull /* 2026-11-22 05:41:12 UTC */

enum {
	WORLD_FRAMES = 7,
	WORLD_MAPPINGS = 6,
	WORLD_STACKS = 3,
	WORLD_OUTPUT = 1 << 20,
	WORLD_SCRATCH = 1 << 16,
};

/* The frames, by number. 2 and 3 allocate, 5 maps and never allocates, 6 makes a thread. */
enum { F_MAIN = 1, F_TABLE, F_LIBC, F_LIST, F_MAP, F_SPAWN, F_NAMELESS };

struct world {
	struct view view;
	struct atlas atlas;
	struct names names;
	struct report_options options;

	struct vmatlas_frame frame[WORLD_FRAMES];
	struct vmatlas_origin origin[2];
	struct vmatlas_moment moment[2];
	struct vmatlas_birth birth[2];
	struct vmatlas_big big[1];
	struct vmatlas_thread thread[3];
	struct vmatlas_region region[3];
	struct vmatlas_module module[2];
	char string[4][64];
	struct lane frames, origins, moments, births, bigs, threads, regions, modules, strings;

	struct blocks blocks;
	struct blocks_branch branch;
	struct blocks_leaf leaf;

	struct atlas_mapping mapping[WORLD_MAPPINGS];
	struct atlas_part part[WORLD_MAPPINGS + 1];
	struct atlas_region regions_of[4];
	struct atlas_lists lists;
	struct span span[ATLAS_LISTS][8];
	struct atlas_stack stack[WORLD_STACKS];
	uint32_t stack_of[WORLD_FRAMES + 1];
	char paths[1024];
	uint64_t scratch[WORLD_SCRATCH];
	char output[WORLD_OUTPUT];
};

static inline void world_string(struct world *world, unsigned record, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	memcpy(world->string[record], &length, sizeof length);
	memcpy(world->string[record] + sizeof length, text, length);
}

static inline void world_block(
	struct world *world, uint64_t address, uint64_t size, uint32_t origin, uint32_t moment)
{
	uint64_t window = blocks_window(address);

	*blocks_word(&world->leaf, 0, window) =
		origin | (uint64_t)moment << 24 | size << 48 | (address >> 3 & 3) << 62;
	*blocks_mark(&world->leaf, 0, window) = 1;
}

static inline void world_tables(struct world *world)
{
	struct view *view = &world->view;

#define LANE(field, array)                                                                   \
	lane_over(&world->field, world->array, sizeof world->array / sizeof world->array[0], \
		sizeof world->array[0]);                                                     \
	view->field = &world->field
	LANE(frames, frame);
	LANE(origins, origin);
	LANE(moments, moment);
	LANE(births, birth);
	LANE(bigs, big);
	LANE(threads, thread);
	LANE(regions, region);
	LANE(modules, module);
	LANE(strings, string);
#undef LANE
}

static inline void world_code(struct world *world)
{
	world_string(world, 0, "/usr/bin/server");
	world_string(world, 1, "/usr/lib/libc.so.6");
	world->module[0] = (struct vmatlas_module){
		.start = SERVER, .end = SERVER + 0x10000, .bias = SERVER, .path = 1};
	world->module[1] = (struct vmatlas_module){
		.start = LIBC, .end = LIBC + 0x10000, .bias = LIBC, .path = 2};
	world->frame[F_MAIN - 1] = (struct vmatlas_frame){SERVER + 0x100, 0, 1};
	world->frame[F_TABLE - 1] = (struct vmatlas_frame){SERVER + 0x200, F_MAIN, 1};
	world->frame[F_LIBC - 1] = (struct vmatlas_frame){LIBC + 0x300, F_TABLE, 2};
	world->frame[F_LIST - 1] = (struct vmatlas_frame){SERVER + 0x400, F_MAIN, 1};
	world->frame[F_MAP - 1] = (struct vmatlas_frame){SERVER + 0x500, F_MAIN, 1};
	world->frame[F_SPAWN - 1] = (struct vmatlas_frame){SERVER + 0x600, F_MAIN, 1};
	world->frame[F_NAMELESS - 1] = (struct vmatlas_frame){0x5555, F_MAIN, 0};
}

/* Two blocks of make_table through libc, one of make_list. */
static inline void world_heap(struct world *world)
{
	world->origin[0] = (struct vmatlas_origin){F_LIBC, 1, 10, 20000};
	world->origin[1] = (struct vmatlas_origin){F_LIST, 1, 1, 100};
	world->birth[0] = (struct vmatlas_birth){HEAP, HEAP + 0x8000};
	world->birth[1] = (struct vmatlas_birth){HEAP, HEAP + 0x10000};
	world->moment[0] = (struct vmatlas_moment){TICKS + 500, 1, 1};
	world->moment[1] = (struct vmatlas_moment){TICKS + 1000, 2, 2};
	world->blocks.branch[0] = &world->branch;
	world->branch.leaf[HEAP >> BLOCKS_LEAF_SPAN_BITS] = seal(&world->leaf);
	world_block(world, HEAP + 0x10, 4000, 1, 1);
	world_block(world, HEAP + 0x2010, 6000, 1, 2);
	world_block(world, HEAP + 0x4018, 100, 2, 2);
	world->view.blocks = &world->blocks;
}

static inline void world_threads(struct world *world)
{
	world->thread[0] = (struct vmatlas_thread){
		.tid = 4242, .started = TICKS, .flags = VMATLAS_THREAD_MAIN, .name = "server"};
	world->thread[1] = (struct vmatlas_thread){.tid = 4243,
		.started = TICKS + 100,
		.stack_start = STACK,
		.stack_end = STACK + 0x10000,
		.guard_bytes = 4096,
		.creator = F_SPAWN,
		.name = "exactly15 bytes"};
	world->thread[2] =
		(struct vmatlas_thread){.tid = 4244, .started = TICKS + 100, .ended = TICKS + 200};
}

static inline void world_regions(struct world *world)
{
	world->region[0] = (struct vmatlas_region){2, VMATLAS_REGION_LIVE, ANON, ANON + 0x4000,
		TICKS + 300, F_MAP, 1, VMATLAS_CALL_MMAP, 0};
	world->region[1] = (struct vmatlas_region){4, VMATLAS_REGION_LIVE, ANON + 0x4000,
		ANON + 0x8000, TICKS + 400, F_MAP, 2, VMATLAS_CALL_MMAP, 0};
	world->region[2] = (struct vmatlas_region){2, VMATLAS_REGION_FREE, 1, 2, 3, 4, 5, 6, 7};
}

static inline struct atlas_mapping *world_mapping(
	struct world *world, unsigned index, uint64_t start, uint64_t size, const char *path)
{
	struct atlas_mapping *mapping = &world->mapping[index];

	mapping->start = start;
	mapping->end = start + size;
	mapping->rss = size;
	mapping->pss = size / 2;
	mapping->path = world->atlas.paths_used;
	mapping->path_length = (uint32_t)strlen(path);
	memcpy(world->paths + mapping->path, path, mapping->path_length);
	world->atlas.paths_used += mapping->path_length;
	mapping->owner = *path ? ATLAS_OWNER_PATH : ATLAS_OWNER_NONE;
	mapping->perms = MAPS_READ | MAPS_WRITE;
	return mapping;
}

static inline void world_heap_mapping(struct atlas_mapping *mapping)
{
	mapping->kind = KIND_HEAP;
	mapping->owner = ATLAS_OWNER_ALLOCATOR;
	mapping->private_dirty = 60 * KIB;
	mapping->live_blocks = 3;
	mapping->live_bytes = mapping->live_resident = 10100;
	mapping->retained = 64 * KIB - 10100;
	mapping->pinned = 6000;
	mapping->trimmable = mapping->retained - mapping->pinned;
}

static inline void world_mappings(struct world *world)
{
	struct atlas_mapping *mapping =
		world_mapping(world, 0, SERVER, 64 * KIB, "/usr/bin/server");

	mapping->kind = KIND_TEXT;
	mapping->perms = MAPS_READ | MAPS_EXEC;
	mapping->offset = 0x1000;
	mapping->major = 0xfd;
	mapping->minor = 1;
	mapping->inode = 1049982;
	world_heap_mapping(world_mapping(world, 1, HEAP, 64 * KIB, "[heap]"));
	world_mapping(world, 2, LIBC, 64 * KIB, "/usr/lib/libc.so.6")->kind = KIND_RODATA;
	mapping = world_mapping(world, 3, STACK, 64 * KIB, "");
	mapping->kind = KIND_THREAD_STACK;
	mapping->owner = ATLAS_OWNER_THREAD;
	mapping->thread = 2;
	mapping->rss = 12 * KIB;
	mapping = world_mapping(world, 4, ANON, 32 * KIB, "");
	mapping->kind = KIND_ANON;
	mapping->owner = ATLAS_OWNER_CALL;
	mapping->frame = F_MAP;
	mapping = world_mapping(world, 5, FILES, 4 * KIB, "/tmp/a\\012b \033[31m\xff (deleted)");
	mapping->kind = KIND_FILE;
	mapping->perms = MAPS_READ | MAPS_SHARED;
	world->atlas.mapping = world->mapping;
	world->atlas.mappings = WORLD_MAPPINGS;
}

/* Each mapping is one thing, but the anonymous one: two calls made it. */
static inline void world_parts(struct world *world)
{
	struct atlas *atlas = &world->atlas;

	for (uint32_t i = 0; i < WORLD_MAPPINGS; i++) {
		struct atlas_mapping *mapping = &world->mapping[i];
		struct atlas_part *part = &world->part[atlas->parts++];

		*part = (struct atlas_part){
			.start = mapping->start,
			.end = mapping->end,
			.mapping = i,
			.kind = mapping->kind,
			.owner = mapping->owner,
			.thread = mapping->thread,
			.frame = mapping->frame,
			.rss = mapping->rss,
			.live_blocks = mapping->live_blocks,
			.live_bytes = mapping->live_bytes,
			.live_resident = mapping->live_resident,
			.retained = mapping->retained,
			.trimmable = mapping->trimmable,
			.pinned = mapping->pinned,
		};
		mapping->part = (uint32_t)(part - world->part);
		mapping->parts = 1;
		if (mapping->start != ANON)
			continue;
		part->end = part[1].start = ANON + 0x4000;
		part->rss = part[1].rss = mapping->rss / 2;
		part[1] = (struct atlas_part){.start = part->end,
			.end = mapping->end,
			.mapping = i,
			.kind = part->kind,
			.owner = part->owner,
			.frame = part->frame,
			.rss = part->rss};
		mapping->parts++;
		atlas->parts++;
	}
	atlas->part = world->part;
}

/* As the atlas finds them, but without the thread's stack, to which nothing else is compared. */
static inline void world_regions_find(struct world *world)
{
	struct atlas *atlas = &world->atlas;
	struct lane none = {.record_size = sizeof(struct vmatlas_thread)};
	const struct lane *threads = world->view.threads;

	for (int i = 0; i < ATLAS_LISTS; i++)
		world->lists.list[i] = (struct spans){.span = world->span[i], .room = 8};
	atlas->lists = &world->lists;
	atlas->region = world->regions_of;
	atlas->region_room = 4;
	world->view.threads = &none;
	atlas_regions_find(atlas);
	world->view.threads = threads;
}

static inline void world_stacks(struct world *world)
{
	world->stack[0] =
		(struct atlas_stack){F_LIBC, 1, 2, 10000, 10000, 5900, 10, 20000, 16, {0}, 2, 10};
	world->stack[1] = (struct atlas_stack){F_LIST, 2, 1, 100, 100, 100, 1, 100, 4, {0}, 1, 1};
	world->stack[2] = (struct atlas_stack){F_NAMELESS, 3, 0, 0, 0, 0, 5, 500, 0, {0}, 0, 5};
	for (uint32_t i = 0; i < WORLD_STACKS; i++)
		world->stack_of[world->stack[i].frame] = i + 1;
	world->atlas.stack = world->stack;
	world->atlas.stacks = WORLD_STACKS;
	world->atlas.stack_of = world->stack_of;
	world->atlas.frames = WORLD_FRAMES;
}

static inline void world_sums(struct world *world)
{
	struct atlas *atlas = &world->atlas;

	for (uint32_t i = 0; i < atlas->mappings; i++) {
		const struct atlas_mapping *mapping = &world->mapping[i];

		atlas->rss += mapping->rss;
		atlas->pss += mapping->pss;
		atlas->swap += mapping->swap;
		atlas->size += mapping->end - mapping->start;
		atlas->live_blocks += mapping->live_blocks;
		atlas->live_bytes += mapping->live_bytes;
	}
	atlas->row[ATLAS_LIVE] = 10100;
	atlas->row[ATLAS_RETAINED] = world->mapping[1].retained;
	atlas->row[ATLAS_ELF_TEXT] = 64 * KIB;
	atlas->row[ATLAS_ELF_RODATA] = 64 * KIB;
	atlas->row[ATLAS_THREAD_STACKS] = 12 * KIB;
	atlas->row[ATLAS_MMAPPED] = 32 * KIB;
	atlas->row[ATLAS_FILES] = 4 * KIB;
	atlas->pinned = world->mapping[1].pinned;
	atlas->trimmable = world->mapping[1].trimmable;
}

static inline size_t world_names(void *context, uint32_t frame, struct name *names, size_t capacity)
{
	static const char *const function[] = {[F_MAIN] = "main",
		[F_TABLE] = "make_table",
		[F_LIBC] = "__libc_reallocarray",
		[F_MAP] = "map_it",
		[F_SPAWN] = "spawn",
		[F_NAMELESS] = NULL};

	(void)context;
	(void)capacity;
	if (frame == F_LIST) {
		names[0] = (struct name){"push", "/src/list.c", 12, 4};
		names[1] = (struct name){"make_list", "/src/list.c", 40, 20};
		return 2;
	}
	if (frame >= sizeof function / sizeof function[0] || !function[frame])
		return 0;
	names[0] = (struct name){.function = function[frame], .offset = 16};
	return 1;
}

static inline void world_process(struct world *world)
{
	struct view *view = &world->view;

	view->pid = 4242;
	view->page_size = 4096;
	view->exe = "/usr/bin/server";
	view->name = "server";
	view->kernel = "Linux 6.18.0";
	view->argv = "server\0--port\0"
		     "80";
	view->argv_length = sizeof "server\0--port\0"
				   "80";
	view->number = 3;
	view->reason = "signal";
	view->complete = true;
	/* Two ticks are a nanosecond. */
	view->start = (struct view_clock){TICKS, START_NS, 1000};
	view->now = (struct view_clock){TICKS + 2 * 8040ull * 1000000000,
		START_NS + 8040ull * 1000000000, 1000 + 8040ull * 1000000000};
	view->resolution_ticks = 200000;
	view->allocations = 16;
	view->allocated_bytes = 20600;
	view->frees = 13;
	view->freed_bytes = 10500;
	view->peak_live_bytes = 12000;
	view->peak_error = 64;
	view->lost[0] = (struct view_lost){"unknown_frees", "frees of older blocks", 12};
	view->lost[1] = (struct view_lost){"nested", "calls in handlers", 0};
	view->losts = 2;
	view->notice[0] = "SIGUSR2 belongs to the program.";
	view->notices = 1;
}

static inline struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof *world);

	if (!world)
		abort();
	world_tables(world);
	world_process(world);
	world_code(world);
	world_heap(world);
	world_threads(world);
	world_regions(world);
	world->atlas.view = &world->view;
	world->atlas.paths = world->paths;
	world->atlas.pages_known = true;
	world->atlas.moved = 1;
	world_mappings(world);
	world_parts(world);
	world_regions_find(world);
	world_stacks(world);
	world_sums(world);
	world->names.of = world_names;
	world->options.scratch = world->scratch;
	world->options.scratch_words = WORLD_SCRATCH;
	return world;
}

/* A process of which nothing is known but its number. */
static inline struct world *world_empty(void)
{
	struct world *world = world_make();

	memset(&world->atlas, 0, sizeof world->atlas);
	world->atlas.view = &world->view;
	world->blocks.branch[0] = NULL;
	world->frames.count = world->origins.count = world->moments.count = 0;
	world->births.count = world->bigs.count = world->threads.count = 0;
	world->regions.count = world->modules.count = world->strings.count = 0;
	world->view = (struct view){
		.pid = 1,
		.argv = "",
		.frames = &world->frames,
		.origins = &world->origins,
		.moments = &world->moments,
		.births = &world->births,
		.bigs = &world->bigs,
		.threads = &world->threads,
		.regions = &world->regions,
		.modules = &world->modules,
		.strings = &world->strings,
		.blocks = &world->blocks,
	};
	return world;
}

/* A sink that keeps everything. */
static inline int world_keep(void *context, const char *bytes, size_t length)
{
	struct world *world = context;
	size_t used = strlen(world->output);

	if (used + length >= sizeof world->output)
		return 28; /* ENOSPC */
	memcpy(world->output + used, bytes, length);
	return 0;
}

static inline const char *world_report(
	struct world *world, int report(const struct atlas *, const struct names *,
				     const struct report_options *, struct text *))
{
	char buffer[256];
	struct text text;

	memset(world->output, 0, sizeof world->output);
	memset(world->scratch, 0, sizeof world->scratch);
	text_init(&text, buffer, sizeof buffer, world_keep, world);
	if (report(&world->atlas, &world->names, &world->options, &text))
		abort();
	return world->output;
}

#endif
