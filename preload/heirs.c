#include "heirs.h"
#include "config.h"

#include <string.h>

static const char preload[] = "LD_PRELOAD=";
static const char library[] = "libvmatlas.so";

enum { PRELOAD_LENGTH = sizeof preload - 1 };

bool heirs_disinherit(void)
{
	return !config()->children;
}

static bool is_preload(const char *entry)
{
	return !strncmp(entry, preload, PRELOAD_LENGTH);
}

static bool is_ours(const char *entry)
{
	return !strncmp(entry, "VMATLAS_", 8);
}

size_t heirs_size(char *const *environment)
{
	size_t size = sizeof *environment;

	for (; environment && *environment; environment++)
		size += sizeof *environment +
			(is_preload(*environment) ? strlen(*environment) + 1 : 0);
	return size;
}

/* ld.so separates them by spaces and colons alike. */
static size_t item_length(const char *list)
{
	return strcspn(list, ": ");
}

static bool names_us(const char *item, size_t length)
{
	const char *base = item;

	for (size_t i = 0; i < length; i++) {
		if (item[i] == '/')
			base = item + i + 1;
	}
	return (size_t)(item + length - base) >= sizeof library - 1 &&
	       !strncmp(base, library, sizeof library - 1);
}

/* Where the next item of the list begins. */
static const char *item_next(const char *item)
{
	size_t length = item_length(item);

	return item + length + (item[length] != 0);
}

static bool has_us(const char *list)
{
	for (; *list; list = item_next(list)) {
		if (names_us(list, item_length(list)))
			return true;
	}
	return false;
}

/* Copies LD_PRELOAD without our item; false when nothing is left of it. */
static bool copy_preload(const char *entry, char *to)
{
	size_t used = PRELOAD_LENGTH;

	memcpy(to, entry, PRELOAD_LENGTH);
	for (entry += PRELOAD_LENGTH; *entry; entry = item_next(entry)) {
		size_t length = item_length(entry);

		if (!length || names_us(entry, length))
			continue;
		if (used > PRELOAD_LENGTH)
			to[used++] = ':';
		memcpy(to + used, entry, length);
		used += length;
	}
	to[used] = 0;
	return used > PRELOAD_LENGTH;
}

static size_t count(char *const *environment)
{
	size_t number = 0;

	while (environment && environment[number])
		number++;
	return number;
}

char **heirs_environment(char *const *environment, void *memory)
{
	char **out = memory, *strings = (char *)(out + count(environment) + 1);
	size_t used = 0;

	for (; environment && *environment; environment++) {
		if (is_ours(*environment))
			continue;
		if (!is_preload(*environment) || !has_us(*environment + PRELOAD_LENGTH)) {
			out[used++] = *environment;
		} else if (copy_preload(*environment, strings)) {
			out[used++] = strings;
			strings += strlen(strings) + 1;
		}
	}
	out[used] = NULL;
	return out;
}
