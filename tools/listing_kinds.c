#include "listing_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing_modules.h"

/* -- Lines with all columns ----------------------------------------------------------------- */

/* kind_of compares names, inodes and offsets of neighbours. Where a listing lacks them, they are
 * made up here in a way that keeps what is compared: the same name is the same file, and addresses
 * within a file run ahead of offsets by one distance. */
struct shapes {
	struct maps_line *line;
	char *paths; /* of made-up lines */
	size_t used;
};

/* FNV-1a: two files of a listing share an inode by chance once in 2^64. */
static uint64_t hash(const char *bytes, size_t length)
{
	uint64_t value = 0xcbf29ce484222325;

	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return value | 1;
}

/* pmap shows "zsh" for "/usr/bin/zsh", and "zero (deleted)" for shared anonymous memory. */
static void shape_path(struct shapes *shapes, struct maps_line *line)
{
	static const char zero[] = "zero (deleted)";
	bool shared_zero = line->path_length == strlen(zero) && (line->perms & MAPS_SHARED) &&
			   !memcmp(line->path, zero, strlen(zero));
	const char *room = shared_zero ? "/dev/" : "/";
	size_t length = strlen(room);
	char *path = shapes->paths + shapes->used;

	if (!line->path_length || line->path[0] == '[' || line->path[0] == '/')
		return;
	memcpy(mempcpy(path, room, length), line->path, line->path_length);
	line->path = path;
	line->path_length += length;
	shapes->used += line->path_length;
}

static void shape_line(
	const struct listing *listing, struct shapes *shapes, size_t i, uint64_t *file_start)
{
	struct maps_line *line = &shapes->line[i];
	bool file;

	if (!(listing->known & LISTING_PATH))
		shape_path(shapes, line);
	file = line->path_length && line->path[0] == '/';
	if (!(listing->known & LISTING_FILE) && file)
		line->inode = hash(line->path, line->path_length);
	if (listing->known & LISTING_OFFSET || !file)
		return;
	if (!i || line->inode != shapes->line[i - 1].inode)
		*file_start = line->start;
	line->offset = line->start - *file_start;
}

/* What pmap calls [ anon ] can be the kernel's. [vsyscall] has one address on every x86-64;
 * [vvar] is read-only and [vdso], executable, directly behind it: both are memory without a file
 * that hardly anything else has. */
enum { VDSO_MAX = 64 << 10 };

static bool is_small_anonymous(const struct maps_line *line, unsigned perms)
{
	return !line->path_length && line->perms == perms && line->end - line->start <= VDSO_MAX;
}

static void name_kernel_line(struct maps_line *line, const char *name)
{
	line->path = name;
	line->path_length = strlen(name);
}

static void shape_kernel_lines(const struct listing *listing, struct maps_line *line)
{
	for (size_t i = 0; i < listing->count; i++) {
		if (!line[i].path_length && line[i].start == 0xffffffffff600000)
			name_kernel_line(&line[i], "[vsyscall]");
		if (!i || !is_small_anonymous(&line[i], MAPS_READ | MAPS_EXEC) ||
			line[i - 1].end != line[i].start)
			continue;
		name_kernel_line(&line[i], "[vdso]");
		/* Since Linux 6.13 the [vvar] before it can be two. */
		for (size_t k = i; k > 0 && line[k - 1].end == line[k].start &&
				   is_small_anonymous(&line[k - 1], MAPS_READ);
			k--)
			name_kernel_line(&line[k - 1], "[vvar]");
	}
}

static size_t paths_length(const struct listing *listing)
{
	size_t length = 1;

	for (size_t i = 0; i < listing->count; i++)
		length += listing->row[i].line.path_length + strlen("/dev/");
	return length;
}

static int shapes_make(struct shapes *shapes, const struct listing *listing)
{
	uint64_t file_start = 0;

	shapes->used = 0;
	shapes->line = calloc(listing->count, sizeof(*shapes->line));
	shapes->paths = malloc(paths_length(listing));
	if (!shapes->line || !shapes->paths)
		return ENOMEM;
	for (size_t i = 0; i < listing->count; i++) {
		shapes->line[i] = listing->row[i].line;
		shape_line(listing, shapes, i, &file_start);
	}
	if (listing->form == LISTING_PMAP)
		shape_kernel_lines(listing, shapes->line);
	return 0;
}

/* -- Kinds ---------------------------------------------------------------------------------- */

/* gdb before 12 shows no permissions: then names are all that there is. */
static enum kind kind_by_name(const struct maps_line *line)
{
	struct kind_context alone = {0};
	struct maps_line readable = *line;

	if (line->path_length && line->path[0] == '/')
		return KIND_FILE;
	readable.perms = MAPS_READ | MAPS_WRITE;
	return kind_of(&readable, &alone);
}

static void find_kinds(struct listing *listing, const struct maps_line *line)
{
	struct kind_context context = {0};

	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		if (!(listing->known & LISTING_PERMS)) {
			row->kind = kind_by_name(&line[i]);
			continue;
		}
		context.next = i + 1 < listing->count ? &line[i + 1] : NULL;
		context.segments = row->module ? &row->module->segments : NULL;
		row->kind = kind_of(&line[i], &context);
		kind_advance(&context, &line[i], row->kind);
		row->kind = kind_refine(row->kind, &row->smaps);
	}
}

/* -- Owners --------------------------------------------------------------------------------- */

/* The file whose .bss a row is: that of the data before it. */
static char *owner_of_bss(const struct listing *listing, size_t i)
{
	const struct listing_row *row = &listing->row[i], *data = row;
	size_t length = 0;
	char *owner;

	if (row->module)
		data = row->module->first;
	while (!row->module && data > listing->row && data->kind != KIND_DATA)
		data--;
	const char *name = listing_base(data, &length);
	return length && asprintf(&owner, "bss of %.*s", (int)length, name) > 0 ? owner : NULL;
}

/* "[stack:4711]" */
static char *owner_of_stack(const struct maps_line *line)
{
	static const char prefix[] = "[stack:";
	size_t before = strlen(prefix);
	char *owner;

	if (line->path_length <= before + 1 || memcmp(line->path, prefix, before) != 0)
		return NULL;
	return asprintf(&owner, "thread %.*s", (int)(line->path_length - before - 1),
		       line->path + before) > 0
		       ? owner
		       : NULL;
}

/* glibc keeps 64 MiB of addresses for each arena and makes them usable as it needs them. */
static char *owner_of_reserve(const struct listing *listing, size_t i)
{
	const struct listing_row *row = &listing->row[i];

	if (!i || row[-1].kind != KIND_ARENA || row[-1].line.end != row->line.start)
		return NULL;
	return strdup("the arena's rest");
}

static void find_owners(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		if (row->owner)
			continue;
		if (row->kind == KIND_BSS)
			row->owner = owner_of_bss(listing, i);
		if (row->kind == KIND_THREAD_STACK)
			row->owner = owner_of_stack(&row->line);
		if (row->kind == KIND_RESERVE)
			row->owner = owner_of_reserve(listing, i);
	}
}

int listing_kinds_find(struct listing *listing)
{
	struct shapes shapes = {0};
	int error = shapes_make(&shapes, listing);

	if (!error) {
		find_kinds(listing, shapes.line);
		find_owners(listing);
	}
	free(shapes.line);
	free(shapes.paths);
	return error;
}
