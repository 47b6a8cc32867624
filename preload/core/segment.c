#include "segment.h"

#include <errno.h>

/* Saturates, so that a range at the top of the address space does not come out empty. */
static uint64_t page_up(const struct elf_image *image, uint64_t vaddr)
{
	uint64_t up = elf_page_down(image, vaddr + image->page_size - 1);

	return up < vaddr ? UINT64_MAX : up;
}

/* Whether the pages of the file that the loader maps for this segment include `offset`. */
static bool holds_offset(
	const struct elf_image *image, const struct elf_segment *segment, uint64_t offset)
{
	return segment->filesz > 0 && offset >= elf_page_down(image, segment->offset) &&
	       offset < page_up(image, segment->offset + segment->filesz);
}

static bool holds_relro(const struct elf_image *image, const struct elf_segment *segment)
{
	return image->relro_start < image->relro_end && image->relro_start >= segment->vaddr &&
	       image->relro_start < segment->vaddr + segment->memsz;
}

/* How well a segment explains a mapping that is in its pages. Execution weighs most: nothing but
 * mprotect changes it. A segment that is written may show as read-only where it is relro, and lld
 * gives relro a segment of its own. That the mapping begins where the segment begins settles what
 * is left. */
static unsigned fitness(const struct elf_image *image, const struct elf_segment *segment,
	uint64_t offset, uint32_t perms)
{
	bool written = perms & PF_W;
	bool starts = elf_page_down(image, offset) == elf_page_down(image, segment->offset);
	bool exec_fits = (perms & PF_X) == (segment->flags & PF_X);
	bool write_fits = (perms & PF_W) == (segment->flags & PF_W);
	bool relro_fits = written != holds_relro(image, segment);

	return 1 + 8 * exec_fits + 4 * write_fits + 2 * relro_fits + starts;
}

const struct elf_segment *segment_find(
	const struct elf_image *image, uint64_t offset, uint32_t perms)
{
	const struct elf_segment *best = NULL;
	unsigned best_fitness = 0;

	if (!(perms & (PF_R | PF_W | PF_X)))
		return NULL;
	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *segment = &image->loads[i];
		unsigned fits = holds_offset(image, segment, offset)
					? fitness(image, segment, offset, perms)
					: 0;

		if (fits > best_fitness) {
			best = segment;
			best_fitness = fits;
		}
	}
	return best;
}

int segment_vaddr_of(
	const struct elf_image *image, uint64_t offset, uint32_t perms, uint64_t *vaddr)
{
	const struct elf_segment *segment = segment_find(image, offset, perms);

	if (!segment)
		return ENOENT;
	*vaddr = segment->vaddr + (offset - segment->offset);
	return 0;
}

int segment_bias(const struct elf_image *image, uint64_t start, uint64_t offset, uint32_t perms,
	uint64_t *bias)
{
	uint64_t vaddr;
	int error = segment_vaddr_of(image, offset, perms, &vaddr);

	if (!error)
		*bias = start - vaddr;
	return error;
}

/* The last one that holds the page: where two share it, the loader maps the later over the
 * earlier. */
static const struct elf_segment *segment_at(const struct elf_image *image, uint64_t vaddr)
{
	const struct elf_segment *found = NULL;

	for (unsigned i = 0; i < image->load_count; i++) {
		const struct elf_segment *segment = &image->loads[i];

		if (vaddr >= elf_page_down(image, segment->vaddr) &&
			vaddr < page_up(image, segment->vaddr + segment->memsz))
			found = segment;
	}
	return found;
}

/* Whether the loader write-protects all of these pages: it rounds both ends of relro down to a page
 * (glibc, elf/dl-reloc.c). lld rounds the segment up to whole pages itself. */
static bool in_relro(const struct elf_image *image, uint64_t start, uint64_t end)
{
	return start >= elf_page_down(image, image->relro_start) &&
	       end <= elf_page_down(image, image->relro_end) && start < end;
}

enum part segment_part(const struct elf_image *image, uint64_t start, uint64_t end)
{
	const struct elf_segment *segment = segment_at(image, start);

	if (!segment)
		return PART_NONE;
	if (segment->flags & PF_X)
		return PART_TEXT;
	if (!(segment->flags & PF_W))
		return PART_RODATA;
	if (in_relro(image, start, end))
		return PART_RELRO;
	if (start < page_up(image, segment->vaddr + segment->filesz) && segment->filesz > 0)
		return PART_DATA;
	return PART_BSS;
}
