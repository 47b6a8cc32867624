#include "paint.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "outfile.h"

static const char BOLD[] = "\033[1m", YELLOW[] = "\033[33m", RED[] = "\033[31m",
		  GREEN[] = "\033[32m", PLAIN[] = "\033[m";

/* NULL for a line like others. No address begins with one of g to z. */
static const char *style_of(const char *line, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && line[blanks] == ' ')
		blanks++;
	if (blanks == length)
		return NULL;
	if (blanks)
		return line[blanks] == '!' ? YELLOW : NULL;
	if (*line == '#' || isupper((unsigned char)*line) || (*line >= 'g' && *line <= 'z'))
		return BOLD;
	return length > 2 && !memcmp(line, "0x", 2) ? BOLD : NULL;
}

/* How long the figure with a sign is that begins here; 0 for none. */
static size_t growth_at(const char *line, size_t at, size_t length)
{
	size_t end = at + 1;

	if ((line[at] != '+' && line[at] != '-') || (at && line[at - 1] != ' ') || end >= length ||
		!isdigit((unsigned char)line[end]))
		return 0;
	while (end < length && line[end] != ' ')
		end++;
	return end - at;
}

static void put_growths(FILE *stream, const char *line, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t figure = growth_at(line, at, length);

		if (figure)
			fprintf(stream, "%s%.*s%s", line[at] == '+' ? RED : GREEN, (int)figure,
				line + at, PLAIN);
		else
			putc(line[at], stream);
		at += figure ? figure : 1;
	}
}

static void put_line(const struct paint *paint)
{
	const char *style = style_of(paint->line, paint->used);

	if (style)
		fprintf(paint->stream, "%s%.*s%s", style, (int)paint->used, paint->line, PLAIN);
	else if (paint->growths)
		put_growths(paint->stream, paint->line, paint->used);
	else
		fwrite(paint->line, 1, paint->used, paint->stream);
}

static void put_byte(struct paint *paint, char byte)
{
	if (byte == '\n') {
		if (paint->overlong)
			fwrite(paint->line, 1, paint->used, paint->stream);
		else
			put_line(paint);
		putc('\n', paint->stream);
		paint->used = 0;
		paint->overlong = false;
		return;
	}
	if (paint->used == PAINT_LINE) {
		fwrite(paint->line, 1, paint->used, paint->stream);
		paint->used = 0;
		paint->overlong = true;
	}
	paint->line[paint->used++] = byte;
}

int paint_sink(void *context, const char *bytes, size_t length)
{
	struct paint *paint = context;

	if (!paint->wanted)
		return outfile_sink(paint->stream, bytes, length);
	errno = 0;
	for (size_t i = 0; i < length; i++)
		put_byte(paint, bytes[i]);
	return ferror(paint->stream) ? (errno ? errno : EIO) : 0;
}
