#include "pasted.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *start, *at, *end;
	const char *reason, *where; /* the first fault */
};

static bool fail(struct cursor *cursor, const char *where, const char *reason)
{
	if (!cursor->reason) {
		cursor->where = where;
		cursor->reason = reason;
	}
	return false;
}

static bool take(struct cursor *cursor, const char *string)
{
	size_t length = strlen(string);

	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, string, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

/* Blanks of any kind, U+00A0 included; none is well, too. */
static void skip_blanks(struct cursor *cursor)
{
	while (take(cursor, " ") || take(cursor, "\t") || take(cursor, "\r") ||
		take(cursor, "\xc2\xa0"))
		;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* A number of at most most digits. */
static bool number(struct cursor *cursor, unsigned base, size_t most, uint64_t max, uint64_t *out)
{
	const char *start = cursor->at;
	uint64_t value = 0;

	for (; cursor->at < cursor->end && (size_t)(cursor->at - start) < most; cursor->at++) {
		unsigned next = (unsigned)digit(*cursor->at);
		if (next >= base)
			break;
		if (value > (max - next) / base)
			return fail(cursor, start, "number too large");
		value = value * base + next;
	}
	*out = value;
	return cursor->at > start || fail(cursor, start, "expected a number");
}

static bool range(struct cursor *cursor, struct maps_line *out)
{
	if (!number(cursor, 16, 16, UINT64_MAX, &out->start))
		return false;
	skip_blanks(cursor);
	/* Pages like to set hyphens as U+2013 or U+2014. */
	if (!take(cursor, "-") && !take(cursor, "\xe2\x80\x93") && !take(cursor, "\xe2\x80\x94"))
		return fail(cursor, cursor->at, "expected '-'");
	skip_blanks(cursor);
	const char *end = cursor->at;
	if (!number(cursor, 16, 16, UINT64_MAX, &out->end))
		return false;
	skip_blanks(cursor);
	return out->start < out->end || fail(cursor, end, "range ends where or before it starts");
}

static bool permissions(struct cursor *cursor, struct maps_line *out)
{
	static const char letters[] = "rwxs";
	unsigned perms = 0;

	for (unsigned i = 0; i < 4; i++, cursor->at++) {
		char c = cursor->at < cursor->end ? (char)tolower((unsigned char)*cursor->at) : 0;
		if (c == letters[i])
			perms |= 1u << i;
		else if (c != (i == 3 ? 'p' : '-'))
			return fail(cursor, cursor->at, "expected permissions such as r-xp");
	}
	skip_blanks(cursor);
	out->perms = (uint8_t)perms;
	return true;
}

/* "fd:00 2719760", or "00:000" where the blank was lost: then the minor number has two digits. */
static bool device_and_inode(struct cursor *cursor, struct maps_line *out)
{
	uint64_t major, minor;

	if (!number(cursor, 16, 16, UINT32_MAX, &major))
		return false;
	if (!take(cursor, ":"))
		return fail(cursor, cursor->at, "expected ':'");
	const char *minor_at = cursor->at;
	if (!number(cursor, 16, 16, UINT64_MAX, &minor))
		return false;
	const char *behind = cursor->at;
	skip_blanks(cursor);
	if (behind == cursor->at || cursor->at == cursor->end ||
		!isdigit((unsigned char)*cursor->at)) {
		cursor->at = minor_at;
		number(cursor, 16, 2, UINT32_MAX, &minor);
	}
	if (minor > UINT32_MAX)
		return fail(cursor, minor_at, "number too large");
	out->major = (uint32_t)major;
	out->minor = (uint32_t)minor;
	return number(cursor, 10, SIZE_MAX, UINT64_MAX, &out->inode);
}

static const char *known_marker(const char *marker, size_t length)
{
	static const char *const known[] = {"[heap]", "[stack]", "[vdso]", "[vvar]", "[vsyscall]"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == length && strncasecmp(known[i], marker, length) == 0)
			return known[i];
	return marker;
}

/* A path up to the end, a marker up to its bracket, or a note and so no path. */
static void path(struct cursor *cursor, struct maps_line *out)
{
	out->path = "";
	out->path_length = 0;
	skip_blanks(cursor);
	if (cursor->at == cursor->end || (*cursor->at != '/' && *cursor->at != '['))
		return;
	const char *end = cursor->end;
	if (*cursor->at == '[') {
		const char *bracket = memchr(cursor->at, ']', (size_t)(end - cursor->at));
		end = bracket ? bracket + 1 : end;
	}
	while (isspace((unsigned char)end[-1]))
		end--;
	out->path_length = (size_t)(end - cursor->at);
	out->path = known_marker(cursor->at, out->path_length);
}

int pasted_parse(const char *line, size_t length, struct maps_line *out, struct maps_fault *fault)
{
	struct cursor cursor = {.start = line, .at = line, .end = line + length};
	struct maps_line result;

	skip_blanks(&cursor);
	if (range(&cursor, &result) && permissions(&cursor, &result) &&
		number(&cursor, 16, 16, UINT64_MAX, &result.offset)) {
		skip_blanks(&cursor);
		if (device_and_inode(&cursor, &result)) {
			path(&cursor, &result);
			*out = result;
			return 0;
		}
	}
	if (fault) {
		fault->column = (size_t)(cursor.where - line) + 1;
		fault->reason = cursor.where == cursor.end ? "line ends too early" : cursor.reason;
	}
	return EINVAL;
}
