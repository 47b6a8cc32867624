#include "listing_gdb.h"

#include <errno.h>
#include <string.h>

#include "listing_lines.h"

/* gdb 13 prints "Start Addr  End Addr  Size  Offset  Perms  objfile"; gdb before 12 has no Perms;
 * gdb 14 and later call the last column File. */

static const char title[] = "Mapped address spaces:";
static const char heading[] = "Start Addr";

/* What gdb says when it attaches comes before, and is no longer than this. */
enum { PREFACE = 64 << 10 };

bool listing_is_gdb(const char *bytes, size_t length)
{
	size_t most = length < PREFACE ? length : PREFACE;

	return memmem(bytes, most, title, strlen(title)) ||
	       memmem(bytes, most, heading, strlen(heading));
}

/* What gdb says behind the table: that it detaches, or that it waits for the next command. */
static bool is_epilogue(const struct listing_lines *lines)
{
	return listing_line_begins(lines, "[Inferior") || listing_line_begins(lines, "(gdb)");
}

/* "process 23610", before the title. */
static void read_process(struct listing *listing, const struct listing_lines *lines)
{
	struct listing_words words;
	uint64_t pid;

	listing_words_init(&words, lines, NULL);
	if (listing_words_take(&words, "process ") && !listing_words_number(&words, 10, &pid))
		listing->pid = (long)pid;
}

static int read_hex(struct listing_words *words, uint64_t *number)
{
	if (!listing_words_take(words, "0x"))
		return listing_words_fault(words, words->at, "expected 0x and a number");
	return listing_words_number(words, 16, number);
}

static int read_range(struct listing_words *words, struct maps_line *line)
{
	const char *end, *size_at;
	uint64_t size = 0;

	if (read_hex(words, &line->start))
		return EILSEQ;
	end = words->at;
	if (read_hex(words, &line->end))
		return EILSEQ;
	if (line->start >= line->end)
		return listing_words_fault(words, end + 1, "range ends where or before it starts");
	size_at = words->at;
	if (read_hex(words, &size))
		return EILSEQ;
	if (size != line->end - line->start)
		return listing_words_fault(
			words, size_at + strspn(size_at, " "), "the size is not end minus start");
	return read_hex(words, &line->offset);
}

static int read_perms(struct listing_words *words, struct maps_line *line)
{
	const char *word;
	size_t length;

	if (listing_words_next(words, &word, &length))
		return EILSEQ;
	if (!listing_perms_parse(word, length, &line->perms))
		return listing_words_fault(words, word, "expected permissions such as r-xp");
	return 0;
}

static int read_row(
	struct listing *listing, const struct listing_lines *lines, struct listing_fault *fault)
{
	struct maps_line line = {0};
	struct listing_words words;
	struct listing_row *row;

	listing_words_init(&words, lines, fault);
	if (read_range(&words, &line))
		return EILSEQ;
	if ((listing->known & LISTING_PERMS) && read_perms(&words, &line))
		return EILSEQ;
	line.path = listing_words_rest(&words, &line.path_length);
	row = listing_add(listing);
	if (!row)
		return ENOMEM;
	row->line = line;
	row->written_offset = line.offset;
	return 0;
}

int listing_gdb(struct listing *listing, struct listing_fault *fault)
{
	struct listing_lines lines;
	bool rows = false;
	int error = 0;

	listing->form = LISTING_GDB;
	listing->known = LISTING_OFFSET | LISTING_PATH;
	listing_lines_init(&lines, listing->bytes, listing->length);
	while (!error && listing_lines_next(&lines)) {
		if (listing_line_begins(&lines, heading)) {
			rows = true;
			if (memmem(lines.line, lines.length, "Perms", 5))
				listing->known |= LISTING_PERMS;
		} else if (!rows) {
			read_process(listing, &lines);
		} else if (is_epilogue(&lines)) {
			break;
		} else if (!listing_line_is(&lines, "")) {
			error = read_row(listing, &lines, fault);
		}
	}
	return error;
}
