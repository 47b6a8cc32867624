#include "listing_maps.h"

#include <errno.h>
#include <string.h>

#include "listing_lines.h"
#include "pasted.h"

/* What is being read. */
struct intent {
	struct listing *listing;
	struct listing_lines lines;
	struct listing_fault *fault;
	struct listing_row *row; /* the mapping whose keys come */
	bool pasted;
};

static int fail(struct intent *intent, const struct maps_fault *fault)
{
	*intent->fault = (struct listing_fault){
		.line = intent->lines.number, .column = fault->column, .reason = fault->reason};
	return EILSEQ;
}

/* -- A line of maps ------------------------------------------------------------------------- */

static int put_line(struct intent *intent, const struct maps_line *line)
{
	struct listing_row *row = listing_add(intent->listing);

	if (!row)
		return ENOMEM;
	row->line = *line;
	row->written_offset = line->offset;
	maps_line_normalise(&row->line);
	row->text = intent->lines.line;
	row->text_length = intent->lines.length;
	intent->row = row;
	return 0;
}

/* A marker may be in capitals, or have a note behind it, in what is otherwise as it should be. */
static bool needs_mending(const struct intent *intent, const struct maps_line *line)
{
	return intent->pasted && line->path_length && line->path[0] == '[';
}

static int read_mapping(struct intent *intent)
{
	const struct listing_lines *lines = &intent->lines;
	struct maps_fault fault;
	struct maps_line line;

	if (!maps_parse(lines->line, lines->length, &line, &fault) && !needs_mending(intent, &line))
		return put_line(intent, &line);
	if (intent->pasted && !pasted_parse(lines->line, lines->length, &line, &fault))
		return put_line(intent, &line);
	return fail(intent, &fault);
}

/* -- A key of smaps ------------------------------------------------------------------------- */

/* The length of "KEY" where the line is "KEY:...", else 0: a mapping has '-' before any colon. */
static size_t key_length(const char *line, size_t length)
{
	size_t at = 0;

	while (at < length && line[at] != ':' && line[at] != '-' && line[at] != ' ')
		at++;
	return at < length && line[at] == ':' && (line[0] < '0' || line[0] > '9') ? at : 0;
}

/* The number of a key in the listing, LISTING_KEYS when there is no room for one more. */
static size_t key_number(struct listing *listing, const char *name, size_t length)
{
	struct listing_key *key = listing->key;

	for (size_t i = 0; i < listing->keys; i++)
		if (key[i].length == length && !memcmp(key[i].name, name, length))
			return i;
	if (listing->keys == LISTING_KEYS)
		return LISTING_KEYS;
	key[listing->keys] = (struct listing_key){.name = name, .length = length};
	return listing->keys++;
}

/* Takes the number of any key, those of future kernels included. A key with words for a value is
 * one that cannot be shown in a column; VmFlags has been read by then. */
static int put_value(struct intent *intent, size_t name)
{
	struct listing_words words;
	uint64_t value;
	size_t key;

	listing_words_init(&words, &intent->lines, NULL);
	words.at += name + 1;
	if (listing_words_number(&words, 10, &value))
		return 0;
	key = key_number(intent->listing, intent->lines.line, name);
	words.fault = intent->fault;
	if (key == LISTING_KEYS)
		return listing_words_fault(
			&words, intent->lines.line, "more keys than any kernel has");
	intent->row->value[key] = value;
	intent->listing->key[key].kib = listing_words_take(&words, "kB");
	return 0;
}

/* Flags are two letters each, "??" for one that the kernel has no letters for. */
static bool are_flags(const char *flags)
{
	for (; *flags; flags++)
		if (*flags < ' ' || *flags > '~')
			return false;
	return true;
}

static int read_key(struct intent *intent, size_t name)
{
	struct listing_words words;

	listing_words_init(&words, &intent->lines, intent->fault);
	if (!intent->row)
		return listing_words_fault(&words, words.at, "a key of smaps before any mapping");
	if (smaps_line(words.at, intent->lines.length, &intent->row->smaps) == SMAPS_DAMAGED ||
		!are_flags(intent->row->smaps.vm_flags))
		return listing_words_fault(
			&words, words.at + name + 1, "no value of this key of smaps");
	intent->listing->known |= LISTING_SMAPS | LISTING_RSS;
	return put_value(intent, name);
}

/* -- The text ------------------------------------------------------------------------------- */

static bool is_empty(const struct intent *intent)
{
	return intent->pasted && listing_line_is(&intent->lines, "");
}

int listing_maps(struct listing *listing, bool pasted, struct listing_fault *fault)
{
	struct intent intent = {.listing = listing, .fault = fault, .pasted = pasted};
	int error = 0;

	listing->form = LISTING_MAPS;
	listing->known = LISTING_PERMS | LISTING_OFFSET | LISTING_FILE | LISTING_PATH;
	listing_lines_init(&intent.lines, listing->bytes, listing->length);
	while (!error && listing_lines_next(&intent.lines)) {
		size_t name = key_length(intent.lines.line, intent.lines.length);
		if (!is_empty(&intent))
			error = name ? read_key(&intent, name) : read_mapping(&intent);
	}
	return error;
}
