#include "images.h"
#include "peek.h"

#include "core/segment.h"

#include <string.h>

static uint64_t page_down(uint64_t address)
{
	return address & ~(uint64_t)(IMAGES_PAGE - 1);
}

static uint64_t page_up(uint64_t address)
{
	return page_down(address + IMAGES_PAGE - 1);
}

static bool begins(const struct maps_line *line, const char *with)
{
	size_t length = strlen(with);

	return line->path_length >= length && !memcmp(line->path, with, length);
}

/* A page of a file in memory may be a thread's to fill in (userfaultfd(2)). */
static bool read_first_page(
	struct images *images, const struct view *view, const struct maps_line *line)
{
	if (begins(line, "/memfd:") || begins(line, "/dev/shm/"))
		return peek(view, line->start, images->page, sizeof images->page);
	return peek_file(line->start, images->page, sizeof images->page);
}

/* What lies behind the first page is not read: to elf_read the file ends there. */
static ssize_t read_page(void *context, void *buffer, size_t size, uint64_t offset)
{
	const struct images *images = context;

	if (offset >= sizeof images->page)
		return 0;
	if (size > sizeof images->page - offset)
		size = sizeof images->page - offset;
	memcpy(buffer, images->page + offset, size);
	return (ssize_t)size;
}

static uint32_t flags_of(const struct maps_line *line)
{
	return (line->perms & MAPS_READ ? PF_R : 0) | (line->perms & MAPS_WRITE ? PF_W : 0) |
	       (line->perms & MAPS_EXEC ? PF_X : 0);
}

/* The mapping is the file's first segment and not a file that somebody reads: it is as long. */
static bool find_bias(const struct elf_image *elf, const struct maps_line *line, uint64_t *bias)
{
	const struct elf_segment *first = segment_find(elf, 0, flags_of(line));

	return first && !segment_bias(elf, line->start, 0, flags_of(line), bias) &&
	       line->end - line->start ==
		       page_up(first->vaddr + first->filesz) - page_down(first->vaddr);
}

static void add_data(struct vmatlas_image *image, const struct elf_segment *segment, uint64_t bias)
{
	uint64_t start = page_down(bias + segment->vaddr);
	uint64_t end = page_up(bias + segment->vaddr + segment->memsz);

	if (!(segment->flags & PF_W) || start >= end)
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
	const struct elf_source source = {read_page, images};
	const struct elf_image *elf = &images->elf;
	uint64_t bias;

	if (!may_be_image(line) || !read_first_page(images, view, line) ||
		elf_read(&source, IMAGES_PAGE, &images->elf) || !find_bias(elf, line, &bias))
		return false;
	*image = (struct vmatlas_image){.start = line->start};
	for (unsigned i = 0; i < elf->load_count; i++)
		add_data(image, &elf->loads[i], bias);
	if (elf->relro_start < elf->relro_end) {
		image->relro_start = page_down(bias + elf->relro_start);
		image->relro_end = page_down(bias + elf->relro_end);
	}
	return true;
}
