#include "core_elf.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../preload/core/maps.h"
#include "listing_elf.h"
#include "regular.h"

enum { PAGE = 4096 };

/* NULL for what is none. */
static struct listing_elf *open_elf(const char *path)
{
	int descriptor = regular_open(path);
	struct listing_elf *elf = NULL;

	if (descriptor < 0)
		return NULL;
	if (listing_elf_read(descriptor, &elf))
		elf = NULL;
	close(descriptor);
	return elf;
}

unsigned core_elf_perms(uint32_t flags)
{
	return (flags & PF_R ? MAPS_READ : 0u) | (flags & PF_W ? MAPS_WRITE : 0u) |
	       (flags & PF_X ? MAPS_EXEC : 0u);
}

/* A mapping begins where its segment does; two may begin on one page. */
static const struct listing_load *find_load(const struct listing_elf *elf, uint64_t offset)
{
	const struct listing_load *around = NULL;

	for (size_t i = 0; i < elf->loads; i++) {
		const struct listing_load *load = &elf->load[i];
		uint64_t start = load->offset & ~(uint64_t)(PAGE - 1);

		if (start == offset)
			return load;
		if (offset > start && offset < load->offset + load->filesz)
			around = load;
	}
	return around;
}

unsigned core_elf_mapped(const char *path, uint64_t offset)
{
	struct listing_elf *elf = open_elf(path);
	const struct listing_load *load = elf ? find_load(elf, offset) : NULL;
	unsigned perms = load ? core_elf_perms(load->flags) : 0;

	if (elf)
		listing_elf_free(elf);
	return perms;
}

uint64_t core_elf_span(const char *path)
{
	struct listing_elf *elf = open_elf(path);
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; elf && i < elf->loads; i++) {
		const struct listing_load *load = &elf->load[i];
		uint64_t start = load->vaddr & ~(uint64_t)(PAGE - 1);

		low = start < low ? start : low;
		if (load->memsz < INT64_MAX && load->vaddr < INT64_MAX &&
			load->vaddr + load->memsz > high)
			high = load->vaddr + load->memsz;
	}
	if (elf)
		listing_elf_free(elf);
	return high > low ? (high - low + PAGE - 1) & ~(uint64_t)(PAGE - 1) : 0;
}

bool core_elf_identify(
	const char *path, const char *begin, size_t length, struct core_elf_file *found)
{
	int descriptor = regular_open(path);
	char bytes[PAGE];
	struct stat file;
	bool same;

	if (descriptor < 0)
		return false;
	length = length < PAGE ? length : PAGE;
	same = !fstat(descriptor, &file) && S_ISREG(file.st_mode) &&
	       pread(descriptor, bytes, length, 0) == (ssize_t)length &&
	       !memcmp(bytes, begin, length);
	close(descriptor);
	if (same)
		*found =
			(struct core_elf_file){major(file.st_dev), minor(file.st_dev), file.st_ino};
	return same;
}
