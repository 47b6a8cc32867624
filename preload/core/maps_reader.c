#include "maps_reader.h"

#include <errno.h>
#include <string.h>

void maps_reader_init(
	struct maps_reader *reader, char *buffer, size_t capacity, maps_read *read, void *context)
{
	memset(reader, 0, sizeof(*reader));
	reader->buffer = buffer;
	reader->capacity = capacity;
	reader->read = read;
	reader->context = context;
	reader->error = capacity ? 0 : -ENOBUFS;
}

/* Reads more behind what is there, keeping what begins at start. False if nothing came. */
static bool fill(struct maps_reader *reader)
{
	ssize_t got;

	if (reader->ended || reader->error)
		return false;
	memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
	reader->next -= reader->start;
	reader->end -= reader->start;
	reader->start = 0;
	if (reader->end == reader->capacity)
		return false;
	do
		got = reader->read(reader->context, reader->buffer + reader->end,
			reader->capacity - reader->end);
	while (got == -EINTR);
	reader->ended = got == 0;
	reader->error = got < 0 ? (int)got : 0;
	reader->end += got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Is there a whole line skip bytes behind start, once enough is read? *length does not count its
 * newline, which the last line of all may lack. */
static bool whole_line(struct maps_reader *reader, size_t skip, size_t *length)
{
	size_t seen = 0;

	do {
		const char *line = reader->buffer + reader->start + skip;
		size_t has = reader->end - reader->start - skip;
		const char *newline = memchr(line + seen, '\n', has - seen);
		if (newline) {
			*length = (size_t)(newline - line);
			return true;
		}
		seen = has;
	} while (fill(reader));
	*length = seen;
	return reader->ended && seen > 0;
}

/* Drops what is left of a line that was too long. */
static void skip_rest(struct maps_reader *reader)
{
	while (reader->skipping) {
		const char *start = reader->buffer + reader->start;
		const char *newline = memchr(start, '\n', reader->end - reader->start);
		reader->start =
			newline ? reader->start + (size_t)(newline - start) + 1 : reader->end;
		reader->skipping = !newline;
		if (!newline && !fill(reader))
			return;
	}
}

/* Goes to the next line that can be given out. Returns as maps_reader_next. */
static int find_line(struct maps_reader *reader, size_t *length)
{
	for (;;) {
		skip_rest(reader);
		if (whole_line(reader, 0, length))
			return 1;
		if (reader->error || reader->ended)
			return reader->error;
		reader->too_long++;
		reader->skipping = true;
		reader->cut = reader->keep_long;
		if (reader->cut)
			return 1;
		reader->start = reader->end;
	}
}

int maps_reader_next(struct maps_reader *reader, const char **line, size_t *length)
{
	size_t unused;

	reader->start = reader->next;
	reader->cut = false;
	int found = find_line(reader, length);
	reader->next = reader->start;
	if (found != 1)
		return found;
	reader->next += *length;
	if (reader->next < reader->end)
		reader->next++;
	/* The line behind comes in now: later it would move this one. */
	if (!reader->cut)
		whole_line(reader, reader->next - reader->start, &unused);
	*line = reader->buffer + reader->start;
	reader->lines++;
	return 1;
}

int maps_reader_take(struct maps_reader *reader, struct maps_line *out)
{
	const char *line;
	size_t length;

	for (;;) {
		int found = maps_reader_next(reader, &line, &length);
		if (found != 1)
			return found;
		if (maps_parse(line, length, out, NULL) == 0)
			break;
		reader->damaged++;
	}
	reader->disorder += out->start < reader->last_end;
	reader->last_end = out->end;
	return 1;
}

int maps_reader_peek(const struct maps_reader *reader, struct maps_line *out)
{
	const char *line = reader->buffer + reader->next;
	size_t has = reader->end - reader->next;
	const char *newline = memchr(line, '\n', has);

	if (reader->skipping || (!newline && !reader->ended))
		return 0;
	return maps_parse(line, newline ? (size_t)(newline - line) : has, out, NULL) == 0;
}
