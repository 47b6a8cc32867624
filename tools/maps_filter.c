#include "maps_filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* -- Permissions ---------------------------------------------------------------------------- */

static const char letters[] = "rwxs";

/* "r-x" or "r-xp": a letter or none at each place. */
static bool is_exact(const char *argument)
{
	size_t length = strlen(argument);

	if (length < 3 || length > 4)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (argument[i] != letters[i] && argument[i] != '-')
			return false;
	return length == 3 || argument[3] == 's' || argument[3] == 'p';
}

static void take_exact(struct maps_filter *filter, const char *argument)
{
	filter->perms = 0;
	filter->perms_mask = argument[3] ? 15 : 7;
	for (size_t i = 0; argument[i]; i++)
		if (argument[i] == letters[i])
			filter->perms |= (uint8_t)(1u << i);
}

static const char *take_letters(struct maps_filter *filter, const char *argument)
{
	filter->perms = filter->perms_mask = 0;
	for (; *argument; argument++) {
		const char *letter = strchr(letters, *argument);
		if (*argument == 'p')
			letter = letters + 3;
		if (!letter)
			return "expected letters of rwxsp, or all three or four, such as r-x";
		filter->perms_mask |= (uint8_t)(1u << (letter - letters));
		if (*argument != 'p')
			filter->perms |= (uint8_t)(1u << (letter - letters));
	}
	return NULL;
}

const char *maps_filter_perms(struct maps_filter *filter, const char *argument)
{
	if (!*argument)
		return "expected permissions such as x, rw or r-xp";
	if (!is_exact(argument))
		return take_letters(filter, argument);
	take_exact(filter, argument);
	return NULL;
}

/* -- Kinds ---------------------------------------------------------------------------------- */

static const char unknown_kind[] =
	"no such kind: text rodata relro data bss padding heap arena malloc-mmap main-stack "
	"thread-stack guard vdso vvar vsyscall file shmem memfd sysv device hugetlb jit reserve "
	"anon "
	"vmatlas other";

const char *maps_filter_kinds(struct maps_filter *filter, const char *argument)
{
	while (*argument) {
		size_t length = strcspn(argument, ",");
		char name[20] = "";
		enum kind kind;
		if (length < sizeof(name))
			memcpy(name, argument, length);
		if (!kind_find(name, &kind))
			return unknown_kind;
		filter->kinds |= 1ull << kind;
		argument += length;
		argument += *argument == ',';
	}
	return filter->kinds ? NULL : unknown_kind;
}

/* -- Addresses ------------------------------------------------------------------------------ */

static const char *parse_address(const char *text, const char **behind, uint64_t *address)
{
	char *end;

	/* strtoull would take blanks and a sign. */
	if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
		return "expected a hexadecimal address";
	errno = 0;
	*address = strtoull(text, &end, 16);
	*behind = end;
	return errno ? "address too large" : NULL;
}

const char *maps_filter_addr(struct maps_filter *filter, const char *argument)
{
	const char *fault = parse_address(argument, &argument, &filter->low);

	if (fault)
		return fault;
	filter->addressed = true;
	filter->high = filter->low == UINT64_MAX ? filter->low : filter->low + 1;
	if (!*argument)
		return NULL;
	if (*argument != ',' && *argument != '-')
		return "expected LOW,HIGH or one address";
	fault = parse_address(argument + 1, &argument, &filter->high);
	if (fault)
		return fault;
	if (*argument)
		return "expected LOW,HIGH or one address";
	return filter->high > filter->low ? NULL : "the range ends where or before it starts";
}

/* -- Rows ----------------------------------------------------------------------------------- */

static bool path_passes(const char *wanted, const struct listing_row *row)
{
	const struct maps_line *line = &row->line;
	char path[PATH_MAX];
	const char *base;
	size_t length;

	if (memmem(line->path, line->path_length, wanted, strlen(wanted)))
		return true;
	if (line->path_length >= sizeof(path))
		return false;
	memcpy(path, line->path, line->path_length);
	path[line->path_length] = 0;
	base = listing_base(row, &length);
	return !fnmatch(wanted, path, 0) || !fnmatch(wanted, path + (base - line->path), 0);
}

static bool kind_passes(uint64_t kinds, const struct listing_row *row)
{
	for (size_t i = 0; i < row->parts; i++)
		if (kinds >> row->part[i].kind & 1)
			return true;
	return kinds >> row->kind & 1;
}

bool maps_filter_passes(const struct maps_filter *filter, const struct listing_row *row)
{
	if ((row->line.perms & filter->perms_mask) != filter->perms)
		return false;
	if (filter->kinds && !kind_passes(filter->kinds, row))
		return false;
	if (filter->addressed && (row->line.end <= filter->low || row->line.start >= filter->high))
		return false;
	return !filter->path || path_passes(filter->path, row);
}
