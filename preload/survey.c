#include "survey.h"
#include "descriptor.h"
#include "held.h"
#include "images.h"
#include "peek.h"
#include "sightings.h"
#include "sys.h"

#include "core/maps_reader.h"
#include "core/trim.h"

#include <string.h>

enum {
	PAGE = 4096,
	/* Longer lines are skipped: nothing of ours has a long name. */
	BUFFER = 16384,
	IMAGES = 4096,
	/* Arenas, and blocks below the size that has a record of its own. */
	EXTENTS_MARGIN = 8192,
	/* glibc maps no more large blocks at a time (DEFAULT_MMAP_MAX), unless told to. */
	EXTENTS_MOST = 1 << 17,
	/* The smallest block that has a mapping of its own unless the program wants it otherwise
	 * (DEFAULT_MMAP_THRESHOLD_MIN). */
	LARGE = 128 << 10,
};

/* HEAP_MAX_SIZE of malloc/arena.c: the heaps of arenas are aligned to it. */
#define HEAP_MAX ((uint64_t)64 << 20)

/* The start of struct _heap_info in malloc/arena.c. */
struct heap_info {
	uint64_t arena;     /* its struct malloc_state */
	uint64_t previous;  /* heap of the same arena, 0 for its first */
	uint64_t size;      /* bytes in use */
	uint64_t committed; /* bytes that may be used */
};

/* Of struct malloc_state: the topmost chunk stands behind a lock, two flags and ten lists, since
 * glibc 2.26; the whole is as long since 2.27. */
enum { STATE_TOP = 96, STATE_BYTES = 2200 };

/* struct malloc_chunk: the size before, its own with three flags. */
struct chunk {
	uint64_t before, size;
};
enum { CHUNK_MMAPPED = 2, CHUNK_FLAGS = 7, CHUNK_HEADER = sizeof(struct chunk) };

struct survey {
	struct view *view;
	struct vmatlas_extent *extent;
	struct vmatlas_image *image;
	uint32_t extents, images, extents_room;
	struct blocks_cursor cursor;
	uint64_t next_block; /* no block begins between the last range looked at and here */
	struct held *held;
	char buffer[BUFFER];
	struct images headers;
};

/* By the address of their struct malloc_state; the number is the place, from 1. Written by the one
 * who dumps. */
static uint64_t arenas[VMATLAS_ARENAS_MOST];

/* -- What is found
 * --------------------------------------------------------------------------------- */

static void add_extent(struct survey *survey, const struct vmatlas_extent *extent)
{
	if (survey->extents < survey->extents_room)
		survey->extent[survey->extents++] = *extent;
}

/* -- Arenas --------------------------------------------------------------------------------- */

static uint32_t arena_number(uint64_t arena)
{
	for (uint32_t i = 0; i < VMATLAS_ARENAS_MOST; i++) {
		if (!arenas[i])
			arenas[i] = arena;
		if (arenas[i] == arena)
			return i + 1;
	}
	return 0;
}

static uint64_t heap_of(uint64_t address)
{
	return address & ~(HEAP_MAX - 1);
}

/* It may reach past its line: the program gave some of it another protection. */
static bool is_heap(const struct heap_info *info, uint64_t start)
{
	bool first = heap_of(info->arena) == start;

	if (first ? info->previous != 0 || info->arena - start > PAGE
		  : !info->previous || heap_of(info->previous) != info->previous)
		return false;
	return info->size && info->size % PAGE == 0 && info->committed % PAGE == 0 &&
	       info->size <= info->committed && info->committed <= HEAP_MAX;
}

/* Chunks begin behind the heap_info, and in the first heap behind the arena, too. */
static uint64_t first_chunk(uint64_t start, const struct heap_info *info)
{
	uint64_t header = info->arena - heap_of(info->arena);

	if (heap_of(info->arena) == start)
		header += STATE_BYTES;
	return start + ((header + 15) & ~(uint64_t)15);
}

/* The arena's topmost chunk if it lies in this heap, and 0 if in another. What has no such shape
 * passes for the heap's start: nothing behind the last block is then called trimmable. */
static uint64_t find_top(const struct survey *survey, uint64_t start, const struct heap_info *info)
{
	uint64_t top, end = start + info->size;
	struct chunk chunk;

	if (!peek(survey->view, info->arena + STATE_TOP, &top, sizeof top))
		return start;
	if (heap_of(top) != start)
		return heap_of(top) == top || top % 16 ? start : 0;
	if (!peek(survey->view, top, &chunk, sizeof chunk) ||
		top + (chunk.size & ~(uint64_t)CHUNK_FLAGS) != end)
		return start;
	return top;
}

static bool take_arena(struct survey *survey, uint64_t start, const struct maps_line *line)
{
	struct vmatlas_extent extent;
	struct heap_info info;

	if (start < line->start || !peek(survey->view, start, &info, sizeof info) ||
		!is_heap(&info, start))
		return false;
	extent = (struct vmatlas_extent){
		.start = start,
		.end = start + HEAP_MAX,
		.committed = info.committed,
		.inside = find_top(survey, start, &info),
		.what = VMATLAS_EXTENT_ARENA,
		.arena = arena_number(info.arena),
	};
	add_extent(survey, &extent);
	held_search(survey->held, first_chunk(start, &info), start + info.size,
		extent.inside ? extent.inside : start + info.size - TRIM_FENCEPOST);
	return true;
}

/* -- Large blocks --------------------------------------------------------------------------- */

/* A block with a mapping of its own begins 16 bytes behind it, unless it was to be aligned. */
static bool may_be_large(const struct block *block)
{
	return block->address % PAGE == CHUNK_HEADER || block->size >= LARGE;
}

/* Where the block's own mapping ends, or 0. It may reach past its line both ways: large aligned
 * blocks are the ones that programs give huge pages, or inaccessible ones. */
static uint64_t take_block(struct survey *survey, const struct block *block)
{
	uint64_t at = block->address - CHUNK_HEADER, start, end;
	struct chunk chunk;

	if (!may_be_large(block) || !peek(survey->view, at, &chunk, sizeof chunk) ||
		(chunk.size & CHUNK_FLAGS) != CHUNK_MMAPPED || chunk.before > at)
		return 0;
	start = at - chunk.before;
	end = at + (chunk.size & ~(uint64_t)CHUNK_FLAGS);
	if (start % PAGE || end % PAGE || end < block->address + block->size)
		return 0;
	add_extent(survey, &(struct vmatlas_extent){
				   .start = start,
				   .end = end,
				   .inside = block->address,
				   .what = VMATLAS_EXTENT_BLOCK,
			   });
	return end;
}

/* Returns where the last one ends, or `start`. */
static uint64_t take_blocks(struct survey *survey, uint64_t start, uint64_t stop)
{
	struct blocks_tables tables = view_tables(survey->view);
	struct block block;
	uint64_t end;

	if (survey->next_block >= stop)
		return start;
	blocks_begin(&survey->cursor, survey->view->blocks, &tables);
	blocks_seek(&survey->cursor, start);
	survey->next_block = UINT64_MAX;
	while (blocks_next(&survey->cursor, &block)) {
		if (block.address >= stop) {
			survey->next_block = block.address;
			break;
		}
		end = block.address < start ? 0 : take_block(survey, &block);
		if (!end)
			continue;
		start = end;
		blocks_seek(&survey->cursor, end);
	}
	return start;
}

/* -- Lines ---------------------------------------------------------------------------------- */

static bool is_brk_heap(const struct maps_line *line)
{
	static const char name[] = "[heap]";

	return line->path_length == sizeof name - 1 && !memcmp(line->path, name, sizeof name - 1);
}

/* Private memory from no file; glibc may have given it a name. */
static bool may_be_glibcs(const struct maps_line *line)
{
	static const char named[] = "[anon: glibc: malloc";

	return (line->perms & (MAPS_READ | MAPS_WRITE | MAPS_SHARED)) == (MAPS_READ | MAPS_WRITE) &&
	       !line->inode &&
	       (!line->path_length || (line->path_length > sizeof named - 1 &&
					      !memcmp(line->path, named, sizeof named - 1)));
}

static void take_anonymous(struct survey *survey, const struct maps_line *line)
{
	uint64_t at = line->start;

	while (at < line->end) {
		uint64_t next = heap_of(at) + HEAP_MAX, past;

		if (next > line->end)
			next = line->end;
		if (at % HEAP_MAX == 0 && take_arena(survey, at, line)) {
			at = next;
			continue;
		}
		past = take_blocks(survey, at, next);
		at = past > next ? past : next;
	}
}

/* -- The whole ------------------------------------------------------------------------------ */

static uint32_t extents_room(const struct view *view)
{
	uint32_t room = lane_count(view->bigs) + EXTENTS_MARGIN;

	return room < EXTENTS_MOST ? room : EXTENTS_MOST;
}

size_t survey_memory(const struct view *view)
{
	return sizeof(struct survey) + held_memory() + IMAGES * sizeof(struct vmatlas_image) +
	       extents_room(view) * sizeof(struct vmatlas_extent);
}

struct maps {
	int fd;
	struct descriptor_identity identity;
};

static ssize_t read_maps(void *context, void *buffer, size_t size)
{
	const struct maps *maps = context;

	return descriptor_is(maps->fd, &maps->identity) ? sys_read(maps->fd, buffer, size) : -EBADF;
}

/* The lowest range of ours that reaches past the address. */
static const struct view_range *own_past(const struct view *view, uint64_t address)
{
	const struct view_range *found = NULL;

	for (unsigned i = 0; i < view->owns; i++) {
		const struct view_range *own = &view->own[i];

		if (own->end > address && (!found || own->start < found->start))
			found = own;
	}
	return found;
}

/* Ours come and go with each report, and the program's memory comes in their place. */
static void see(const struct view *view, uint64_t start, uint64_t end)
{
	const struct view_range *own;

	while (start < end && (own = own_past(view, start)) && own->start < end) {
		if (own->start > start)
			sightings_add(start, own->start);
		start = own->end;
	}
	if (start < end)
		sightings_add(start, end);
}

static void take_lines(struct survey *survey, struct maps *maps)
{
	struct maps_reader reader;
	struct maps_line line;

	maps_reader_init(&reader, survey->buffer, sizeof survey->buffer, read_maps, maps);
	sightings_begin(survey->view->number);
	while (maps_reader_take(&reader, &line) > 0) {
		if (maps_line_anonymous(&line) && !(line.perms & MAPS_SHARED))
			see(survey->view, line.start, line.end);
		if (survey->view->glibc && is_brk_heap(&line))
			held_search(survey->held, line.start, line.end, line.end);
		else if (survey->view->glibc && may_be_glibcs(&line))
			take_anonymous(survey, &line);
		else if (survey->images < IMAGES && images_read(&survey->headers, survey->view,
							    &line, &survey->image[survey->images]))
			survey->images++;
	}
	sightings_end();
}

uint64_t survey_take(struct view *view, void *memory, size_t size)
{
	struct survey *survey = memory;
	struct maps maps = {.fd = descriptor_open("/proc/thread-self/maps", O_RDONLY)};

	if (maps.fd < 0)
		return 0;
	maps.identity = descriptor_identify(maps.fd);
	survey->view = view;
	survey->held = held_begin(survey + 1, view);
	survey->image = (void *)((char *)(survey + 1) + held_memory());
	survey->extent = (void *)(survey->image + IMAGES);
	survey->extents_room = (uint32_t)((size - ((char *)survey->extent - (char *)memory)) /
					  sizeof *survey->extent);
	take_lines(survey, &maps);
	descriptor_close(maps.fd, &maps.identity);
	view->extent = survey->extent;
	view->extents = survey->extents;
	view->image = survey->image;
	view->images = survey->images;
	view->sighting = sightings(&view->sightings);
	view->held = held_found(survey->held, &view->helds);
	return held_missed(survey->held);
}
