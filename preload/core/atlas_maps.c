#include "atlas_maps.h"

#include <errno.h>
#include <string.h>

enum {
	/* A line of smaps, its neighbour, and room to spare. */
	SMAPS_BUFFER = 16384,
};

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
	mapping->path =
		keep_path(atlas, line->path, line->path_length, paths_room, &mapping->path_length);
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
	mapping->grows_down = smaps_flag(smaps, "gd");
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
		take_figures(
			&reading->atlas->mapping[reading->atlas->mappings - 1], &reading->smaps);
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

/* The ELF file that was loaded last at or below the address; what lies behind its data is not its
 * own, unless the same file is still shown there. */
static const struct vmatlas_image *image_at(const struct view *view, uint64_t address)
{
	uint32_t low = 0, high = view->images;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (view->image[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &view->image[low - 1] : NULL;
}

/* A file's mapping belongs to the image when its first page is the same file's. */
static bool is_of_image(const struct atlas *atlas, const struct atlas_mapping *mapping,
	const struct vmatlas_image *image)
{
	const struct atlas_mapping *first;

	if (!image)
		return false;
	if (!mapping->inode)
		return mapping->start >= image->data_start && mapping->start <= image->data_end;
	first = atlas_find(atlas, image->start);
	return first && first->inode == mapping->inode && first->major == mapping->major &&
	       first->minor == mapping->minor;
}

static void set_kinds(struct atlas *atlas)
{
	struct kind_context context = {0};
	struct kind_segments segments;
	struct maps_line line, next;

	for (uint32_t i = 0; i < atlas->mappings; i++) {
		const struct vmatlas_image *image = image_at(atlas->view, atlas->mapping[i].start);

		line_of(atlas, i, &line);
		if (is_of_image(atlas, &atlas->mapping[i], image)) {
			segments = (struct kind_segments){image->relro_start, image->relro_end,
				image->data_start, image->data_end};
			context.segments = &segments;
		}
		context.next = NULL;
		if (i + 1 < atlas->mappings) {
			line_of(atlas, i + 1, &next);
			context.next = &next;
		}
		atlas->mapping[i].kind = (uint8_t)kind_of(&line, &context);
		kind_advance(&context, &line, (enum kind)atlas->mapping[i].kind);
	}
}

/* What a damaged line was meant to be: figures behind a header that cannot be read are another
 * mapping's than the last one's. Keys begin with a capital letter, headers with a digit of theirs.
 */
static bool is_key(const char *text, size_t length)
{
	return length && text[0] >= 'A' && text[0] <= 'Z';
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
			if (!is_key(text, length))
				finish(reading);
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
	set_kinds(atlas);
	if (more < 0)
		return -more;
	return atlas->mappings ? 0 : ENODATA;
}
