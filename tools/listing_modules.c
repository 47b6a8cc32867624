#include "listing_modules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static uint64_t page_down(uint64_t address)
{
	return address & ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
}

static uint64_t page_up(uint64_t address)
{
	return page_down(address + (uint64_t)sysconf(_SC_PAGESIZE) - 1);
}

static bool same_file(const struct maps_line *one, const struct maps_line *other)
{
	return one->inode == other->inode && one->major == other->major &&
	       one->minor == other->minor;
}

/* -- The file ------------------------------------------------------------------------------- */

/* What the kernel has mapped, whatever its name is by now; needs CAP_CHECKPOINT_RESTORE or so. */
static int open_mapped(const struct listing *listing, const struct maps_line *line)
{
	char path[100];

	if (!listing->alive)
		return -1;
	snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64, listing->pid,
		line->start, line->end);
	return open(path, O_PATH | O_CLOEXEC);
}

static int open_named(const struct listing *listing, const struct maps_line *line)
{
	char path[2 * PATH_MAX], name[PATH_MAX];

	if (maps_path_decode(line, name, sizeof(name)) >= sizeof(name))
		return -1;
	snprintf(path, sizeof(path), "/proc/%ld/root%s", listing->pid, name);
	return open(listing->alive ? path : name, O_PATH | O_CLOEXEC);
}

/* On btrfs and overlays stat(2) and maps name different devices for one file, so of a live process
 * the inode alone decides. A saved listing can be from another machine. */
static bool is_mapped(const struct listing *listing, const struct maps_line *line, int file)
{
	struct stat stat;

	if (fstat(file, &stat) || !S_ISREG(stat.st_mode) || stat.st_ino != line->inode)
		return false;
	return listing->alive || stat.st_dev == makedev(line->major, line->minor);
}

/* O_PATH opens nothing that would notice, a device say; what turns out to be the regular file that
 * was mapped is then opened to be read. */
static int open_file(const struct listing *listing, const struct maps_line *line)
{
	int file = open_mapped(listing, line), readable = -1;
	char path[40];

	if (file < 0)
		file = open_named(listing, line);
	if (file < 0)
		return -1;
	if (is_mapped(listing, line, file)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		readable = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(file);
	return readable;
}

static bool is_mapped_at(
	const struct listing *listing, const struct maps_line *line, const char *path)
{
	int file = open(path, O_PATH | O_CLOEXEC);
	bool mapped = file >= 0 && is_mapped(listing, line, file);

	if (file >= 0)
		close(file);
	return mapped;
}

/* By its own name where that will do: separate debug files are looked for beside it. */
int listing_module_file(
	const struct listing *listing, const struct listing_module *module, char *path, size_t size)
{
	const struct maps_line *line = &module->first->line;
	char name[PATH_MAX];

	if (maps_path_decode(line, name, sizeof(name)) >= sizeof(name))
		return ENOENT;
	snprintf(path, size, "%s", name);
	if (is_mapped_at(listing, line, path))
		return 0;
	if (!listing->alive)
		return ENOENT;
	snprintf(path, size, "/proc/%ld/root%s", listing->pid, name);
	if (is_mapped_at(listing, line, path))
		return 0;
	snprintf(path, size, "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64, listing->pid, line->start,
		line->end);
	return is_mapped_at(listing, line, path) ? 0 : ENOENT;
}

static struct listing_elf *read_file(const struct listing *listing, const struct maps_line *line)
{
	int file = open_file(listing, line);
	struct listing_elf *elf = NULL;

	if (file < 0)
		return NULL;
	if (listing_elf_read(file, &elf))
		elf = NULL;
	close(file);
	return elf;
}

/* -- Where it is loaded --------------------------------------------------------------------- */

/* Does a segment stand where the bias wants it? Its pages may have been replaced by anonymous
 * memory (huge pages for code), but not by another file. */
static bool stands(const struct listing *listing, const struct maps_line *line,
	const struct listing_load *load, uint64_t bias)
{
	uint64_t address = bias + page_down(load->vaddr);
	const struct listing_row *row = listing_find(listing, address);

	if (!row)
		return false;
	if (!same_file(&row->line, line))
		return maps_line_anonymous(&row->line);
	return row->line.offset + (address - row->line.start) == page_down(load->offset);
}

static bool all_stand(const struct listing *listing, const struct maps_line *line,
	const struct listing_elf *elf, uint64_t bias)
{
	for (size_t i = 0; i < elf->loads; i++)
		if (!stands(listing, line, &elf->load[i], bias))
			return false;
	return true;
}

/* The bias under which the row is part of a segment and all segments stand. */
static bool find_bias(const struct listing *listing, const struct maps_line *line,
	const struct listing_elf *elf, uint64_t *bias)
{
	for (size_t i = 0; i < elf->loads; i++) {
		const struct listing_load *load = &elf->load[i];
		uint64_t offset = page_down(load->offset);
		if (line->offset < offset || line->offset >= load->offset + load->filesz)
			continue;
		*bias = line->start - (line->offset - offset) - page_down(load->vaddr);
		if (all_stand(listing, line, elf, *bias))
			return true;
	}
	return false;
}

static void put_segments(struct listing_module *module)
{
	const struct listing_elf *elf = module->elf;
	struct kind_segments *segments = &module->segments;

	segments->relro_start = module->bias + page_down(elf->relro_start);
	segments->relro_end = module->bias + page_down(elf->relro_end);
	for (size_t i = 0; i < elf->loads; i++) {
		const struct listing_load *load = &elf->load[i];
		uint64_t start = module->bias + page_down(load->vaddr);
		uint64_t end = module->bias + page_up(load->vaddr + load->memsz);
		if (end > module->end)
			module->end = end;
		if (!(load->flags & 2)) /* PF_W */
			continue;
		if (!segments->data_start || start < segments->data_start)
			segments->data_start = start;
		if (end > segments->data_end)
			segments->data_end = end;
	}
}

/* -- The listing ---------------------------------------------------------------------------- */

static bool is_candidate(const struct maps_line *line)
{
	return line->inode && line->path_length && line->path[0] == '/' &&
	       !(line->perms & MAPS_SHARED);
}

/* The module that the row lies in, if it has been found already. */
static struct listing_module *find_module(struct listing *listing, const struct listing_row *row)
{
	for (struct listing_module *at = listing->modules; at; at = at->next)
		if (same_file(&at->first->line, &row->line) &&
			row->line.start >= at->first->line.start && row->line.start < at->end)
			return at;
	return NULL;
}

/* A file is read once, however many rows it has. */
static const struct listing_elf *find_elf(struct listing *listing, const struct maps_line *line)
{
	struct listing_image *image = listing->images;

	while (image && !same_file(image->line, line))
		image = image->next;
	if (image)
		return image->elf;
	image = calloc(1, sizeof(*image));
	if (!image)
		return NULL;
	image->line = line;
	image->elf = read_file(listing, line);
	image->next = listing->images;
	listing->images = image;
	return image->elf;
}

/* NULL where the row is no part of a loaded ELF file, as far as can be told. */
static struct listing_module *add_module(struct listing *listing, const struct listing_row *row)
{
	const struct listing_elf *elf = find_elf(listing, &row->line);
	struct listing_module *module;
	uint64_t bias;

	if (!elf || !find_bias(listing, &row->line, elf, &bias))
		return NULL;
	module = calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	module->first = row;
	module->elf = elf;
	module->bias = bias;
	put_segments(module);
	module->next = listing->modules;
	listing->modules = module;
	return module;
}

/* Anonymous memory within the segments of the module met last: .bss. */
static bool is_bss(const struct listing_module *module, const struct maps_line *line)
{
	return module && maps_line_anonymous(line) && !line->path_length &&
	       line->start >= module->segments.data_start &&
	       line->start < module->segments.data_end;
}

void listing_modules_find(struct listing *listing)
{
	const struct listing_module *last = NULL;

	if (!(listing->known & LISTING_FILE))
		return;
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		struct listing_module *module = NULL;
		if (is_candidate(&row->line)) {
			module = find_module(listing, row);
			module = module ? module : add_module(listing, row);
		}
		if (module)
			row->module = last = module;
		else if (is_bss(last, &row->line))
			row->module = last;
	}
}

void listing_modules_free(struct listing *listing)
{
	while (listing->modules) {
		struct listing_module *module = listing->modules;
		listing->modules = module->next;
		free(module);
	}
	while (listing->images) {
		struct listing_image *image = listing->images;
		listing->images = image->next;
		listing_elf_free(image->elf);
		free(image);
	}
}

const struct listing_load *listing_module_load_at(
	const struct listing_module *module, uint64_t address)
{
	uint64_t vaddr = address - module->bias;

	for (size_t i = 0; i < module->elf->loads; i++) {
		const struct listing_load *load = &module->elf->load[i];
		if (vaddr - load->vaddr < load->memsz)
			return load;
	}
	return NULL;
}

const struct listing_section *listing_module_section_at(
	const struct listing_module *module, uint64_t address)
{
	uint64_t vaddr = address - module->bias;

	for (size_t i = 0; i < module->elf->sections; i++) {
		const struct listing_section *section = &module->elf->section[i];
		if (vaddr - section->vaddr < section->size)
			return section;
	}
	return NULL;
}

const struct listing_load *listing_module_load(const struct listing_row *row)
{
	const struct listing_module *module = row->module;
	uint64_t vaddr = row->line.start - (module ? module->bias : 0);

	for (size_t i = 0; module && i < module->elf->loads; i++) {
		const struct listing_load *load = &module->elf->load[i];
		if (vaddr >= page_down(load->vaddr) && vaddr < page_up(load->vaddr + load->memsz))
			return load;
	}
	return NULL;
}

const struct listing_section *listing_module_section(const struct listing_row *row, size_t *at)
{
	const struct listing_elf *elf = row->module ? row->module->elf : NULL;
	uint64_t bias = elf ? row->module->bias : 0;

	while (elf && *at < elf->sections) {
		const struct listing_section *section = &elf->section[(*at)++];
		uint64_t start = section->vaddr + bias;
		if (start < row->line.end && start + section->size > row->line.start)
			return section;
	}
	return NULL;
}
