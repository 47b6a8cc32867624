/* The memory of an atlas, and how it is divided; see atlas.h. */
#include "atlas_room.h"
#include "atlas_parts.h"
#include "atlas_regions.h"

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
	       2 * aligned(rooms->stacks * sizeof(double[ATLAS_SUMS])) +
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

void atlas_room_lay_out(struct atlas *atlas, char *memory, size_t size, uint32_t mappings)
{
	const struct rooms within = rooms_within(atlas->view, mappings, size), *rooms = &within;
	struct span *span;

	atlas->part_room = rooms->parts;
	atlas->region_room = rooms->regions;
	atlas->stack_room = rooms->stacks;
	atlas->frames = rooms->frames;
	atlas->paths_room = paths_room(mappings);
	atlas->mapping = take(&memory, rooms->mappings * sizeof *atlas->mapping);
	atlas->part = take(&memory, rooms->parts * sizeof *atlas->part);
	atlas->region = take(&memory, rooms->regions * sizeof *atlas->region);
	span = take(&memory, rooms->regions * sizeof *span);
	atlas->lists = take(&memory, sizeof *atlas->lists);
	atlas->stack = take(&memory, rooms->stacks * sizeof *atlas->stack);
	atlas->sum = take(&memory, rooms->stacks * sizeof *atlas->sum);
	atlas->variance = take(&memory, rooms->stacks * sizeof *atlas->variance);
	atlas->stack_of = take(&memory, (rooms->frames + 1) * sizeof *atlas->stack_of);
	atlas->paths = memory;
	lay_out_lists(atlas, span, rooms->regions);
}
