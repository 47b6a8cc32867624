#include "names.h"
#include "text.h"
#include "utf8.h"

#include <stdbool.h>
#include <string.h>

static const char ellipsis[] = "…";
static const char anonymous[] = "(anonymous namespace)";

size_t names_get(const struct names *names, uint32_t frame, struct name levels[NAMES_LEVELS])
{
	size_t count = 0;

	if (names && names->of)
		count = names->of(names->context, frame, levels, NAMES_LEVELS);
	if (count > NAMES_LEVELS)
		count = NAMES_LEVELS;
	if (count)
		return count;
	levels[0] = (struct name){.function = NULL};
	return 1;
}

/* -- Making a name shorter ------------------------------------------------------------------ */

static bool begins(const char *string, const char *with)
{
	return strncmp(string, with, strlen(with)) == 0;
}

/* The angle brackets of operator<, operator<<, operator-> and the like are none. */
static bool behind_operator(const char *name, const char *at)
{
	static const char word[] = "operator";
	size_t length = sizeof word - 1;

	while (at > name && strchr("<>-=", at[-1]))
		at--;
	return (size_t)(at - name) >= length && memcmp(at - length, word, length) == 0;
}

/* Bytes from an opening bracket to behind its partner; 0 if it has none. */
static size_t bracket_length(const char *at, char open, char close)
{
	size_t depth = 0;

	for (const char *end = at; *end; end++) {
		if (*end == open)
			depth++;
		else if (*end == close && (end == at || end[-1] != '-') && --depth == 0)
			return (size_t)(end - at) + 1;
	}
	return 0;
}

/* What the brackets at `at` can be left out with; 0 when there are none worth it. */
static size_t elidable(const char *name, const char *at)
{
	size_t length = 0;

	if (*at == '<' && !behind_operator(name, at))
		length = bracket_length(at, '<', '>');
	else if (*at == '(' && !begins(at, anonymous))
		length = bracket_length(at, '(', ')');
	return length > 3 ? length : 0;
}

static void elide(struct text *text, const char *name)
{
	for (const char *at = name; *at && !text->error;) {
		size_t length = elidable(name, at);

		text_char(text, *at);
		if (length) {
			text_str(text, ellipsis);
			text_char(text, at[length - 1]);
		}
		at += length ? length : 1;
	}
}

/* Where to cut so that `most` bytes stay at most and no character is cut in two. */
static size_t boundary(const char *bytes, size_t length, size_t most)
{
	size_t at = most;

	if (length <= most)
		return length;
	while (at && most - at < 3 && (bytes[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* How many of the bytes fit in so many columns. */
static size_t fitting(const char *bytes, size_t length, size_t columns)
{
	size_t at = 0;

	for (; at < length && columns; columns--) {
		size_t character = utf8_decode(bytes + at, length - at, NULL);

		at += character ? character : 1;
	}
	return at;
}

char *names_shorten(const char *function, size_t columns, char *out, size_t capacity)
{
	size_t tail = sizeof ellipsis - 1, length = strlen(function);
	struct text text;

	text_init(&text, out, capacity - 1, NULL, NULL);
	if (length < capacity && utf8_width(function, length) <= columns)
		text_bytes(&text, function, length);
	else
		elide(&text, function);
	if (text.error || utf8_width(out, text.used) > columns) {
		size_t most = boundary(out, text.used, capacity - 1 - tail);

		text.used = fitting(out, most, columns - 1);
		memcpy(out + text.used, ellipsis, tail);
		text.used += tail;
	}
	out[text.used] = 0;
	return out;
}
