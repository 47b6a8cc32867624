#include "images.h"
#include "peek.h"

#include <string.h>

enum { PAGE = 4096 };

static uint64_t page_down(uint64_t address)
{
	return address & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_up(uint64_t address)
{
	return page_down(address + PAGE - 1);
}

static bool begins(const struct maps_line *line, const char *with)
{
	size_t length = strlen(with);

	return line->path_length >= length && !memcmp(line->path, with, length);
}

/* A page of a file in memory may be a thread's to fill in (userfaultfd(2)). */
static bool read_file(const struct view *view, const struct maps_line *line, uint64_t offset,
	void *to, size_t size)
{
	if (begins(line, "/memfd:") || begins(line, "/dev/shm/"))
		return peek(view, line->start + offset, to, size);
	return peek_file(line->start + offset, to, size);
}

static unsigned read_headers(
	struct images *images, const struct view *view, const struct maps_line *line)
{
	Elf64_Ehdr file;

	if (!read_file(view, line, 0, &file, sizeof file) ||
		memcmp(file.e_ident, ELFMAG, SELFMAG) || file.e_ident[EI_CLASS] != ELFCLASS64 ||
		file.e_phentsize != sizeof images->header[0] || file.e_phnum > IMAGES_HEADERS ||
		file.e_phoff > PAGE)
		return 0;
	if (!read_file(view, line, file.e_phoff, images->header,
		    file.e_phnum * sizeof images->header[0]))
		return 0;
	return file.e_phnum;
}

/* The mapping is the file's first segment and not a file that somebody reads: it is as long. */
static bool find_bias(
	const struct images *images, unsigned count, const struct maps_line *line, uint64_t *bias)
{
	for (unsigned i = 0; i < count; i++) {
		const Elf64_Phdr *header = &images->header[i];

		if (header->p_type != PT_LOAD || page_down(header->p_offset))
			continue;
		*bias = line->start - page_down(header->p_vaddr);
		return line->end - line->start ==
		       page_up(header->p_vaddr + header->p_filesz) - page_down(header->p_vaddr);
	}
	return false;
}

static void add_header(struct vmatlas_image *image, const Elf64_Phdr *header, uint64_t bias)
{
	uint64_t start = bias + page_down(header->p_vaddr);
	uint64_t end = bias + page_up(header->p_vaddr + header->p_memsz);

	if (header->p_type == PT_GNU_RELRO) {
		image->relro_start = start;
		image->relro_end = bias + page_down(header->p_vaddr + header->p_memsz);
	}
	if (header->p_type != PT_LOAD || !(header->p_flags & PF_W) || start >= end)
		return;
	if (!image->data_end || start < image->data_start)
		image->data_start = start;
	if (end > image->data_end)
		image->data_end = end;
}

/* Private, readable, the beginning of a file. */
static bool may_be_image(const struct maps_line *line)
{
	return line->inode && !line->offset && line->perms & MAPS_READ &&
	       !(line->perms & MAPS_SHARED) && line->path_length && line->path[0] == '/';
}

bool images_read(struct images *images, const struct view *view, const struct maps_line *line,
	struct vmatlas_image *image)
{
	unsigned count = may_be_image(line) ? read_headers(images, view, line) : 0;
	uint64_t bias;

	if (!find_bias(images, count, line, &bias))
		return false;
	*image = (struct vmatlas_image){.start = line->start};
	for (unsigned i = 0; i < count; i++)
		add_header(image, &images->header[i], bias);
	return true;
}
