#include "warm.h"
#include "modules.h"
#include "real.h"
#include "store.h"

#include <link.h>

enum {
	PAGE = 4096,
	/* Of our zeroed variables the last so many bytes are the small ones; WARM_NOT come first.
	 */
	SMALL = 11 * PAGE,
};

struct part {
	uintptr_t start, end;
};

/* By the linker: where our file begins, its code ends, its zeroed variables begin and end. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));
extern const char __bss_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static void fill(uintptr_t start, uintptr_t end)
{
	if (start < end)
		store_fill((const void *)start, end - start);
}

static uintptr_t page_up(uintptr_t address)
{
	return (address + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
}

/* What may be written in a loaded file: behind what is read-only after relocation. */
static struct part variables(const ElfW(Phdr) * header, unsigned count, uintptr_t bias)
{
	struct part part = {0, 0};
	uintptr_t after = 0;

	for (const ElfW(Phdr) *end = header + count; header < end; header++) {
		uintptr_t start = bias + header->p_vaddr;

		if (header->p_type == PT_LOAD && header->p_flags & PF_W)
			part = (struct part){start, start + header->p_memsz};
		if (header->p_type == PT_GNU_RELRO)
			after = page_up(start + header->p_memsz);
	}
	if (part.start < after)
		part.start = after;
	return part;
}

/* Code is the file's: reading it is enough. */
void warm_ourselves(void)
{
	const ElfW(Ehdr) *file = (const void *)__ehdr_start;
	struct part part = variables((const void *)(__ehdr_start + file->e_phoff), file->e_phnum,
		(uintptr_t)__ehdr_start);

	store_fill_code(__ehdr_start, (uintptr_t)etext - (uintptr_t)__ehdr_start);
	fill(part.start, (uintptr_t)__bss_start);
	fill((uintptr_t)_end - SMALL, (uintptr_t)_end);
}

void warm_library(const void *function)
{
	struct modules_image image;
	struct part part;

	if (modules_image((uintptr_t)function, &image))
		return;
	part = variables(image.headers, image.header_count, image.bias);
	store_fill_code((const void *)image.start, part.start - image.start);
	fill(part.start, part.end);
}

/* What is free next to the top of glibc's heap becomes part of the top again. */
void warm_heap(size_t size)
{
	void *block = real.malloc(size);

	if (block)
		store_fill(block, size);
	real.free(block);
}
