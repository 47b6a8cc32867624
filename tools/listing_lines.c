#include "listing_lines.h"

#include <errno.h>
#include <string.h>

void listing_lines_init(struct listing_lines *lines, const char *bytes, size_t length)
{
	*lines = (struct listing_lines){.at = bytes, .end = bytes + length, .line = bytes};
}

bool listing_lines_next(struct listing_lines *lines)
{
	const char *newline;

	if (lines->at == lines->end)
		return false;
	newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
	lines->line = lines->at;
	lines->length = (size_t)((newline ? newline : lines->end) - lines->at);
	lines->at = newline ? newline + 1 : lines->end;
	lines->number++;
	return true;
}

void listing_words_init(
	struct listing_words *words, const struct listing_lines *lines, struct listing_fault *fault)
{
	*words = (struct listing_words){
		.lines = lines,
		.at = lines->line,
		.end = lines->line + lines->length,
		.fault = fault,
	};
}

int listing_words_fault(struct listing_words *words, const char *where, const char *reason)
{
	if (words->fault && !words->fault->reason)
		*words->fault = (struct listing_fault){
			.line = words->lines->number,
			.column = (size_t)(where - words->lines->line) + 1,
			.reason = where == words->end ? "line ends too early" : reason,
		};
	return EILSEQ;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct listing_words *words)
{
	while (words->at < words->end && is_blank(*words->at))
		words->at++;
}

bool listing_words_take(struct listing_words *words, const char *prefix)
{
	size_t length = strlen(prefix);

	skip_blanks(words);
	if ((size_t)(words->end - words->at) < length || memcmp(words->at, prefix, length) != 0)
		return false;
	words->at += length;
	return true;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

int listing_words_number(struct listing_words *words, unsigned base, uint64_t *number)
{
	uint64_t value = 0;
	const char *start;

	skip_blanks(words);
	start = words->at;
	for (; words->at < words->end && digit(*words->at) < base; words->at++) {
		unsigned next = digit(*words->at);
		if (value > (UINT64_MAX - next) / base)
			return listing_words_fault(words, start, "number too large");
		value = value * base + next;
	}
	if (words->at == start)
		return listing_words_fault(words, start,
			base == 16 ? "expected a hexadecimal number" : "expected a decimal number");
	*number = value;
	return 0;
}

int listing_words_next(struct listing_words *words, const char **word, size_t *length)
{
	skip_blanks(words);
	*word = words->at;
	while (words->at < words->end && !is_blank(*words->at))
		words->at++;
	*length = (size_t)(words->at - *word);
	return *length ? 0 : listing_words_fault(words, words->at, "line ends too early");
}

const char *listing_words_rest(struct listing_words *words, size_t *length)
{
	const char *end = words->end;

	skip_blanks(words);
	while (end > words->at && is_blank(end[-1]))
		end--;
	*length = (size_t)(end - words->at);
	return words->at;
}

bool listing_line_is(const struct listing_lines *lines, const char *text)
{
	struct listing_words words;
	size_t length;

	listing_words_init(&words, lines, NULL);
	const char *rest = listing_words_rest(&words, &length);
	return length == strlen(text) && !memcmp(rest, text, length);
}

bool listing_line_begins(const struct listing_lines *lines, const char *text)
{
	struct listing_words words;

	listing_words_init(&words, lines, NULL);
	return listing_words_take(&words, text);
}

bool listing_perms_parse(const char *word, size_t length, uint8_t *perms)
{
	static const char letters[] = "rwxs";
	unsigned found = 0;

	if (length < 4 || length > 5)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (word[i] == letters[i])
			found |= 1u << i;
		else if (word[i] != '-' && !(i == 3 && word[i] == 'p'))
			return false;
	}
	/* pmap's fifth letter was R for MAP_NORESERVE on Solaris, and is "-" on Linux. */
	if (length == 5 && word[4] != '-' && word[4] != 'R')
		return false;
	*perms = (uint8_t)found;
	return true;
}
