#include "listing_pmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listing_lines.h"

/* "0000562c588da000     92K r---- zsh", and with -x
 * "0000562c588da000      92      88       0 r---- zsh". */

static const char heading[] = "Address";

/* "21290:   /usr/bin/zsh --login": pid and command line. */
static bool read_title(
	const struct listing_lines *lines, uint64_t *pid, struct listing_words *words)
{
	listing_words_init(words, lines, NULL);
	return !listing_words_number(words, 10, pid) && words->at < words->end &&
	       *words->at++ == ':' && words->at < words->end && *words->at == ' ';
}

/* An address, and a size in K: a row of pmap without options. */
static bool is_row(const struct listing_lines *lines)
{
	struct listing_words words;
	uint64_t number;

	listing_words_init(&words, lines, NULL);
	return !listing_words_number(&words, 16, &number) &&
	       !listing_words_number(&words, 10, &number) && words.at < words.end &&
	       *words.at == 'K';
}

bool listing_is_pmap(const char *bytes, size_t length)
{
	struct listing_words words;
	struct listing_lines lines;
	uint64_t pid;

	listing_lines_init(&lines, bytes, length);
	if (!listing_lines_next(&lines))
		return false;
	return read_title(&lines, &pid, &words) || is_row(&lines) ||
	       listing_line_begins(&lines, heading);
}

/* -- Rows ----------------------------------------------------------------------------------- */

struct reader {
	struct listing *listing;
	struct listing_lines lines;
	struct listing_fault *fault;
	bool extended; /* -x: two figures more */
	uint64_t kib;  /* sum of the sizes */
};

static int read_kib(struct listing_words *words, uint64_t *bytes)
{
	const char *at = words->at;

	if (listing_words_number(words, 10, bytes))
		return EILSEQ;
	if (*bytes > UINT64_MAX / 1024)
		return listing_words_fault(words, at, "number too large");
	*bytes *= 1024;
	return 0;
}

static int read_size(struct reader *reader, struct listing_words *words, struct maps_line *line)
{
	const char *at = words->at;
	uint64_t size;

	if (read_kib(words, &size))
		return EILSEQ;
	if (line->start + size <= line->start)
		return listing_words_fault(
			words, at + strspn(at, " "), "range ends where or before it starts");
	line->end = line->start + size;
	reader->kib += size / 1024;
	if (!reader->extended && (words->at == words->end || *words->at++ != 'K'))
		return listing_words_fault(words, words->at, "expected K behind the size");
	return 0;
}

static int read_figures(struct reader *reader, struct listing_words *words, struct smaps *smaps)
{
	if (!reader->extended)
		return 0;
	if (read_kib(words, &smaps->rss))
		return EILSEQ;
	return read_kib(words, &smaps->private_dirty);
}

static int read_perms(struct listing_words *words, struct maps_line *line)
{
	const char *word;
	size_t length;

	if (listing_words_next(words, &word, &length))
		return EILSEQ;
	if (!listing_perms_parse(word, length, &line->perms))
		return listing_words_fault(words, word, "expected permissions such as r-x--");
	return 0;
}

/* pmap's words for what has no file; its spelling has changed over the years. */
static void read_name(struct listing_words *words, struct maps_line *line)
{
	size_t length;
	const char *name = listing_words_rest(words, &length);

	line->path = name;
	line->path_length = length;
	if (length == strlen("[ anon ]") && !memcmp(name, "[ anon ]", length))
		line->path_length = 0;
	if (length == strlen("[ stack ]") && !memcmp(name, "[ stack ]", length)) {
		line->path = "[stack]";
		line->path_length = strlen("[stack]");
	}
}

static int read_row(struct reader *reader)
{
	struct maps_line line = {0};
	struct smaps smaps = {0};
	struct listing_words words;
	struct listing_row *row;

	listing_words_init(&words, &reader->lines, reader->fault);
	if (listing_words_number(&words, 16, &line.start) || read_size(reader, &words, &line) ||
		read_figures(reader, &words, &smaps) || read_perms(&words, &line))
		return EILSEQ;
	read_name(&words, &line);
	row = listing_add(reader->listing);
	if (!row)
		return ENOMEM;
	row->line = line;
	row->smaps = smaps;
	return 0;
}

/* -- The text ------------------------------------------------------------------------------- */

static int read_total(struct reader *reader)
{
	struct listing_words words;
	const char *at;
	uint64_t total;

	listing_words_init(&words, &reader->lines, reader->fault);
	listing_words_take(&words, "total");
	listing_words_take(&words, "kB");
	at = words.at;
	if (listing_words_number(&words, 10, &total))
		return EILSEQ;
	if (total != reader->kib)
		return listing_words_fault(
			&words, at + strspn(at, " "), "the total is not the sum of the rows");
	return 0;
}

static int read_heading(struct reader *reader)
{
	struct listing_words words;

	listing_words_init(&words, &reader->lines, reader->fault);
	if (!memmem(words.at, reader->lines.length, "Kbytes", 6) ||
		!memmem(words.at, reader->lines.length, "Dirty Mode", 10))
		return listing_words_fault(
			&words, words.at, "only pmap without options and pmap -x can be read");
	reader->extended = true;
	reader->listing->known |= LISTING_RSS;
	return 0;
}

/* The first line, if it is the title. */
static bool take_title(struct reader *reader)
{
	struct listing *listing = reader->listing;
	struct listing_words words;
	const char *title;
	size_t length;
	uint64_t pid;

	if (reader->lines.number != 1 || !read_title(&reader->lines, &pid, &words))
		return false;
	listing->pid = (long)pid;
	title = listing_words_rest(&words, &length);
	listing->title = strndup(title, length);
	return true;
}

static int read_line(struct reader *reader)
{
	if (take_title(reader) || listing_line_is(&reader->lines, "") ||
		listing_line_begins(&reader->lines, "-----"))
		return 0;
	if (listing_line_begins(&reader->lines, heading))
		return read_heading(reader);
	if (listing_line_begins(&reader->lines, "total"))
		return read_total(reader);
	return read_row(reader);
}

int listing_pmap(struct listing *listing, struct listing_fault *fault)
{
	struct reader reader = {.listing = listing, .fault = fault};
	int error = 0;

	listing->form = LISTING_PMAP;
	listing->known = LISTING_PERMS;
	listing_lines_init(&reader.lines, listing->bytes, listing->length);
	while (!error && listing_lines_next(&reader.lines))
		error = read_line(&reader);
	return error;
}
