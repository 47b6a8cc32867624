#include "debugfile.h"
#include "regular.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A SHA-512 is 64 bytes; longer ones are not made. */
#define BUILD_ID_MOST 64

static enum symbolizer_state compare(Elf *elf, const uint8_t *build_id, size_t size)
{
	const void *found = NULL;
	ssize_t found_size;

	if (elf_kind(elf) != ELF_K_ELF)
		return SYMBOLIZER_DAMAGED;
	if (size == 0)
		return SYMBOLIZER_UNVERIFIED;
	found_size = dwelf_elf_gnu_build_id(elf, &found);
	if (found_size != (ssize_t)size || memcmp(found, build_id, size) != 0)
		return SYMBOLIZER_CHANGED;
	return SYMBOLIZER_READY;
}

static enum symbolizer_state judge(int descriptor, const uint8_t *build_id, size_t size)
{
	enum symbolizer_state state;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(descriptor, ELF_C_READ, NULL);
	if (!elf)
		return SYMBOLIZER_DAMAGED;
	state = compare(elf, build_id, size);
	elf_end(elf);
	return state;
}

static bool is_usable(enum symbolizer_state state)
{
	return state == SYMBOLIZER_READY || state == SYMBOLIZER_UNVERIFIED;
}

static enum symbolizer_state try_file(
	const char *path, const uint8_t *build_id, size_t size, int *descriptor)
{
	int opened = regular_open(path);
	enum symbolizer_state state;

	if (opened < 0)
		return SYMBOLIZER_MISSING;
	state = judge(opened, build_id, size);
	if (is_usable(state))
		*descriptor = opened;
	else
		close(opened);
	return state;
}

/* DIRECTORY/.build-id/ab/cdef....debug, as gdb(1) has it under "Separate Debug Files". */
static void put_name(const char *directory, const uint8_t *build_id, size_t size, char *name)
{
	int used = snprintf(name, PATH_MAX - 2 * BUILD_ID_MOST - 8, "%s/.build-id/%02x/", directory,
		build_id[0]);

	if (used >= PATH_MAX - 2 * BUILD_ID_MOST - 8)
		used = 0;
	for (size_t i = 1; i < size; i++)
		used += sprintf(name + used, "%02x", build_id[i]);
	strcpy(name + used, ".debug");
}

static enum symbolizer_state search(
	const uint8_t *build_id, size_t size, const char *debug_path, int *descriptor, char *name)
{
	char *list = strdup(debug_path), *rest = list, *directory;
	enum symbolizer_state state = SYMBOLIZER_MISSING;

	while (list && !is_usable(state) && (directory = strsep(&rest, ":"))) {
		if (*directory != '/')
			continue;
		put_name(directory, build_id, size, name);
		state = try_file(name, build_id, size, descriptor);
	}
	free(list);
	return state;
}

enum symbolizer_state debugfile_open(const char *path, const uint8_t *build_id, size_t size,
	const char *debug_path, int *descriptor, char *name)
{
	enum symbolizer_state state = try_file(path, build_id, size, descriptor);

	snprintf(name, PATH_MAX, "%s", path);
	if (is_usable(state) || size == 0 || size > BUILD_ID_MOST)
		return state;
	return is_usable(search(build_id, size, debug_path, descriptor, name)) ? SYMBOLIZER_READY
									       : state;
}
