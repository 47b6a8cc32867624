#include "definition.h"
#include "symtab.h"

#include <errno.h>
#include <string.h>

/* Bytes of string table that definition_find goes through. */
#define STRINGS_MAX ((uint64_t)1 << 30)

/* The places in a string table where a name ends a string: linkers let `malloc` share the end of
 * `xmalloc`, so it need not begin one. */
struct places {
	uint32_t *offsets; /* ascending */
	size_t count, room;
	bool lost; /* there were more, or the table could not be read to its end */
};

static void place_add(struct places *places, uint64_t offset)
{
	if (places->count == places->room || offset > UINT32_MAX)
		places->lost = true;
	else
		places->offsets[places->count++] = (uint32_t)offset;
}

static bool places_have(const struct places *places, uint32_t offset)
{
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < places->count && places->offsets[low] == offset;
}

/* Adds the places in one window of the table, which starts at `base`. */
static void window_search(struct places *places, const char *window, size_t size, uint64_t base,
	const char *name, size_t length)
{
	const char *end = window + size - length;
	const char *at = window;

	while (at < end && (at = memchr(at, name[0], (size_t)(end - at)))) {
		if (memcmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == '@'))
			place_add(places, base + (uint64_t)(at - window));
		at++;
	}
}

static void strings_search(struct places *places, const struct symtab *symtab, const char *name)
{
	const struct elf_section *strings = &symtab->strings;
	uint64_t end = strings->size < STRINGS_MAX ? strings->size : STRINGS_MAX;
	size_t length = strlen(name);
	uint64_t at = 0;

	while (!places->lost && end - at > length) {
		size_t want = end - at < symtab->buffer_size ? end - at : symtab->buffer_size;

		if (elf_fetch(symtab->source, symtab->buffer, want, strings->offset + at)) {
			places->lost = true;
			return;
		}
		window_search(places, (const char *)symtab->buffer, want, at, name, length);
		/* The next window begins with the tail in which a name had no room to end. */
		at += want - length;
	}
	places->lost |= end < strings->size;
}

/* Whether the table defines a function whose name is at one of the places. */
static bool table_defines(struct symtab *symtab, const struct places *places)
{
	struct symtab_entry entry;

	while (symtab_next(symtab, &entry))
		if (symtab_is_defined(&entry) && symtab_is_function(&entry) &&
			places_have(places, entry.name))
			return true;
	return false;
}

/* `found` or DEFINITION_UNSURE or 0 for one table. A quarter of the buffer is for the places, the
 * rest for reading. */
static unsigned table_find(const struct elf_source *source, const struct elf_image *image,
	uint32_t type, const char *name, void *buffer, size_t buffer_size)
{
	struct places places = {.offsets = buffer, .room = buffer_size / 4 / sizeof(uint32_t)};
	size_t kept = places.room * sizeof(uint32_t);
	unsigned found = type == SHT_DYNSYM ? DEFINITION_DYNSYM : DEFINITION_SYMTAB;
	struct symtab symtab;
	int error = symtab_open(
		&symtab, source, image, type, (char *)buffer + kept, buffer_size - kept);

	if (error)
		return error == ENOENT ? 0 : DEFINITION_UNSURE;
	strings_search(&places, &symtab, name);
	if (places.count && table_defines(&symtab, &places))
		return found;
	return places.lost || (places.count && symtab.left + symtab.skipped) ? DEFINITION_UNSURE
									     : 0;
}

unsigned definition_find(const struct elf_source *source, const struct elf_image *image,
	const char *name, void *buffer, size_t buffer_size)
{
	size_t length = strlen(name);

	if (buffer_size < DEFINITION_BUFFER_MIN || length == 0 || length > 255)
		return DEFINITION_UNSURE;
	return table_find(source, image, SHT_DYNSYM, name, buffer, buffer_size) |
	       table_find(source, image, SHT_SYMTAB, name, buffer, buffer_size);
}
