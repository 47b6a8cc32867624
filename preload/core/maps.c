#include "maps.h"

#include <errno.h>
#include <string.h>

static const char deleted[] = " (deleted)";

/* Where a line is being read, and what is wrong with it. */
struct cursor {
	const char *start, *at, *end;
	const char *reason, *where; /* the first fault */
};

/* Records a fault at where; returns false for the caller to pass on. */
static bool fail(struct cursor *cursor, const char *where, const char *reason)
{
	if (!cursor->reason) {
		cursor->where = where;
		cursor->reason = reason;
	}
	return false;
}

static bool literal(struct cursor *cursor, char expected, const char *reason)
{
	if (cursor->at == cursor->end || *cursor->at != expected)
		return fail(cursor, cursor->at, reason);
	cursor->at++;
	return true;
}

/* The value of c as a digit, or 16 if it is none in lower case. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Reads digits of base as far as they go; at least one, and a value up to max. */
static bool number(struct cursor *cursor, unsigned base, uint64_t max, uint64_t *out)
{
	const char *start = cursor->at;
	uint64_t value = 0;

	for (; cursor->at < cursor->end; cursor->at++) {
		unsigned next = digit(*cursor->at);
		if (next >= base)
			break;
		if (value > (max - next) / base)
			return fail(cursor, start, "number too large");
		value = value * base + next;
	}
	if (cursor->at == start)
		return fail(cursor, start,
			base == 10 ? "expected a decimal number"
				   : "expected a hexadecimal number in lower case");
	*out = value;
	return true;
}

static bool hex(struct cursor *cursor, uint64_t max, uint64_t *out)
{
	const char *start = cursor->at;

	if (!number(cursor, 16, max, out))
		return false;
	return cursor->at - start <= 16 || fail(cursor, start, "more than 16 digits");
}

/* One permission letter: its own letter sets bit, other leaves it clear. */
static bool permission(struct cursor *cursor, char set, char clear, unsigned bit, unsigned *perms)
{
	if (cursor->at == cursor->end || (*cursor->at != set && *cursor->at != clear))
		return fail(cursor, cursor->at, "expected permissions such as r-xp");
	if (*cursor->at == set)
		*perms |= bit;
	cursor->at++;
	return true;
}

static bool range(struct cursor *cursor, struct maps_line *out)
{
	if (!hex(cursor, UINT64_MAX, &out->start) || !literal(cursor, '-', "expected '-'"))
		return false;
	const char *end = cursor->at;
	if (!hex(cursor, UINT64_MAX, &out->end) || !literal(cursor, ' ', "expected a space"))
		return false;
	return out->start < out->end || fail(cursor, end, "range ends where or before it starts");
}

static bool permissions(struct cursor *cursor, struct maps_line *out)
{
	unsigned perms = 0;

	if (!permission(cursor, 'r', '-', MAPS_READ, &perms) ||
		!permission(cursor, 'w', '-', MAPS_WRITE, &perms) ||
		!permission(cursor, 'x', '-', MAPS_EXEC, &perms) ||
		!permission(cursor, 's', 'p', MAPS_SHARED, &perms))
		return false;
	out->perms = (uint8_t)perms;
	return literal(cursor, ' ', "expected a space");
}

static bool file(struct cursor *cursor, struct maps_line *out)
{
	uint64_t major, minor;

	if (!hex(cursor, UINT64_MAX, &out->offset) || !literal(cursor, ' ', "expected a space") ||
		!hex(cursor, UINT32_MAX, &major) || !literal(cursor, ':', "expected ':'") ||
		!hex(cursor, UINT32_MAX, &minor) || !literal(cursor, ' ', "expected a space") ||
		!number(cursor, 10, UINT64_MAX, &out->inode))
		return false;
	out->major = (uint32_t)major;
	out->minor = (uint32_t)minor;
	return cursor->at == cursor->end || literal(cursor, ' ', "expected a space");
}

/* No path begins with a space: d_path gives "/..." or a "name:[...]", markers begin with a bracket.
 */
static bool path(struct cursor *cursor, struct maps_line *out)
{
	while (cursor->at < cursor->end && *cursor->at == ' ')
		cursor->at++;
	out->path_length = (size_t)(cursor->end - cursor->at);
	out->path = out->path_length ? cursor->at : "";
	for (const char *c = cursor->at; c < cursor->end; c++)
		if (*c == 0 || *c == '\n')
			return fail(cursor, c, "control character in the path");
	return true;
}

int maps_parse(const char *line, size_t length, struct maps_line *out, struct maps_fault *fault)
{
	struct cursor cursor = {.start = line, .at = line, .end = line + length};
	struct maps_line result;

	if (range(&cursor, &result) && permissions(&cursor, &result) && file(&cursor, &result) &&
		path(&cursor, &result)) {
		*out = result;
		return 0;
	}
	if (fault) {
		fault->column = (size_t)(cursor.where - cursor.start) + 1;
		fault->reason = cursor.where == cursor.end ? "line ends too early" : cursor.reason;
	}
	return EINVAL;
}

bool maps_line_anonymous(const struct maps_line *line)
{
	return line->inode == 0 && line->major == 0 && line->minor == 0;
}

void maps_line_normalise(struct maps_line *line)
{
	if (maps_line_anonymous(line))
		line->offset = 0;
}

bool maps_line_deleted(const struct maps_line *line)
{
	size_t tail = sizeof(deleted) - 1;

	return line->path_length >= tail &&
	       memcmp(line->path + line->path_length - tail, deleted, tail) == 0;
}

size_t maps_path_decode(const struct maps_line *line, char *out, size_t capacity)
{
	size_t tail = maps_line_deleted(line) ? sizeof(deleted) - 1 : 0;
	const char *at = line->path, *end = at + line->path_length - tail;
	size_t length = 0;

	for (; at < end; length++) {
		bool escaped = end - at >= 4 && memcmp(at, "\\012", 4) == 0;
		if (length + 1 < capacity)
			out[length] = escaped ? '\n' : *at;
		at += escaped ? 4 : 1;
	}
	if (capacity)
		out[length < capacity ? length : capacity - 1] = 0;
	return length;
}

const char *maps_letters(unsigned perms, char out[5])
{
	out[0] = perms & MAPS_READ ? 'r' : '-';
	out[1] = perms & MAPS_WRITE ? 'w' : '-';
	out[2] = perms & MAPS_EXEC ? 'x' : '-';
	out[3] = perms & MAPS_SHARED ? 's' : 'p';
	out[4] = 0;
	return out;
}
