#include "relic_maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ranges {
	struct view_range *range;
	size_t count, capacity;
};

static int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	if (ranges->count == ranges->capacity) {
		size_t capacity = ranges->capacity ? 2 * ranges->capacity : 64;
		struct view_range *grown =
			realloc(ranges->range, capacity * sizeof(*ranges->range));

		if (!grown)
			return ENOMEM;
		ranges->range = grown;
		ranges->capacity = capacity;
	}
	ranges->range[ranges->count++] = (struct view_range){start, end};
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct view_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* In order, and none touching another. */
static void ranges_merge(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->count)
		qsort(ranges->range, ranges->count, sizeof(*ranges->range), by_start);
	for (size_t i = 0; i < ranges->count; i++) {
		struct view_range *last = kept ? &ranges->range[kept - 1] : NULL;

		if (!last || ranges->range[i].start > last->end)
			ranges->range[kept++] = ranges->range[i];
		else if (ranges->range[i].end > last->end)
			last->end = ranges->range[i].end;
	}
	ranges->count = kept;
}

/* -- Where live blocks were born ------------------------------------------------------------ */

static bool makes_sense(const struct vmatlas_birth *birth)
{
	return birth->start < birth->end && !((birth->start | birth->end) % 4096) &&
	       birth->end <= (uint64_t)1 << BLOCKS_ADDRESS_BITS;
}

static void mark_births(const struct view *view, unsigned char *used)
{
	struct blocks_tables tables = view_tables(view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, view->blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		const struct vmatlas_birth *birth = lane_find(view->births, block.mapping);

		/* Of a block that does not lie in it the mapping is long gone. */
		if (birth && block.address >= birth->start && block.address < birth->end)
			used[block.mapping] = 1;
	}
}

static int find_births(const struct view *view, struct ranges *ranges)
{
	unsigned char *used = calloc((size_t)lane_count(view->births) + 1, 1);
	int error = used ? 0 : ENOMEM;

	if (used)
		mark_births(view, used);
	for (uint32_t id = 1; !error && id <= lane_count(view->births); id++) {
		const struct vmatlas_birth *birth = lane_get(view->births, id);

		if (used[id] && makes_sense(birth))
			error = ranges_add(ranges, birth->start, birth->end);
	}
	free(used);
	ranges_merge(ranges);
	return error;
}

/* -- The lines ------------------------------------------------------------------------------ */

struct writing {
	FILE *out;
	const struct ranges *births;
	size_t at;        /* the first of them that ends behind `covered` */
	uint64_t covered; /* all below is in the text, or nobody's */
	uint64_t added;
};

/* What births have between the last line and `until`. */
static void put_births(struct writing *writing, uint64_t until)
{
	while (writing->at < writing->births->count) {
		const struct view_range *birth = &writing->births->range[writing->at];
		uint64_t start = birth->start > writing->covered ? birth->start : writing->covered;
		uint64_t end = birth->end < until ? birth->end : until;

		if (birth->start >= until)
			return;
		if (start < end) {
			fprintf(writing->out, "%08lx-%08lx rw-p 00000000 00:00 0 \n",
				(unsigned long)start, (unsigned long)end);
			writing->added += end - start;
			writing->covered = end;
		}
		if (birth->end > until)
			return;
		writing->at++;
	}
}

/* How far blocks say that the heap has grown since, up to the next line. */
static uint64_t heap_end(const struct writing *writing, const struct maps_line *line, uint64_t next)
{
	for (size_t i = writing->at; i < writing->births->count; i++) {
		const struct view_range *birth = &writing->births->range[i];

		if (birth->start <= line->start && birth->end > line->end)
			return birth->end < next ? birth->end : next;
	}
	return line->end;
}

static void put_line(struct writing *writing, const struct maps_line *line, uint64_t next)
{
	uint64_t end = line->end;
	char perms[5];

	put_births(writing, line->start);
	if (line->path_length == 6 && !memcmp(line->path, "[heap]", 6))
		end = heap_end(writing, line, next);
	fprintf(writing->out, "%08lx-%08lx %s %08lx %02x:%02x %lu  %.*s\n",
		(unsigned long)line->start, (unsigned long)end, maps_letters(line->perms, perms),
		(unsigned long)line->offset, line->major, line->minor, (unsigned long)line->inode,
		(int)line->path_length, line->path ? line->path : "");
	writing->added += end - line->end;
	if (end > writing->covered)
		writing->covered = end;
}

static int put_lines(struct writing *writing, const struct view *list)
{
	/* Two lines of the longest path. */
	size_t size = 64 << 10;
	char *buffer = malloc(size);
	struct maps_reader reader;
	struct maps_line line, next;
	int more = buffer ? list->smaps_rewind(list->context) : -ENOMEM;

	if (more < 0) {
		free(buffer);
		return -more;
	}
	maps_reader_init(&reader, buffer, size, list->smaps_read, list->context);
	while ((more = maps_reader_take(&reader, &line)) > 0) {
		more = maps_reader_peek(&reader, &next);
		put_line(writing, &line, more > 0 ? next.start : UINT64_MAX);
	}
	free(buffer);
	return 0;
}

int relic_maps_make(const struct view *list, const struct view *tables, char **text, size_t *length,
	uint64_t *added)
{
	struct ranges births = {0};
	struct writing writing = {.births = &births};
	int error = find_births(tables, &births);

	writing.out = open_memstream(text, length);
	if (!writing.out) {
		free(births.range);
		return errno;
	}
	if (!error && list->smaps_read)
		error = put_lines(&writing, list);
	if (!error)
		put_births(&writing, UINT64_MAX);
	if (fclose(writing.out) && !error)
		error = ENOMEM;
	free(births.range);
	*added = writing.added;
	if (error)
		free(*text);
	return error;
}
