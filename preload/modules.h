/* modules.h - which loaded file a program counter lies in.
 *
 * Found through glibc's _dl_find_object (2.35), which takes no lock and may be called in signal
 * handlers; before that version through dl_iterate_phdr, which takes the loader's. A module has a
 * number from its first sight on, also after it was unloaded; what is loaded at its place later
 * has another, unless it is the same file again. */
#ifndef VMATLAS_MODULES_H
#define VMATLAS_MODULES_H

#include "core/lane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A loaded file as the loader sees it. */
struct modules_image {
	uintptr_t start, end;   /* first to last segment; there can be holes in it */
	uintptr_t bias;         /* address minus the address in the file's headers */
	uintptr_t unwind_table; /* its PT_GNU_EH_FRAME, 0 for none */
	const void *headers;    /* its program headers; the loader owns them */
	unsigned header_count; /* 0: they are not to be found, and nothing is known to be covered */
	const char *name;      /* the loader's, "" for the program itself; the loader owns it */
};

/* The image that holds the address: 0, or ENOENT and *image is as it was. Anywhere; may ask the
 * kernel, see ask.h. */
int modules_image(uintptr_t address, struct modules_image *image);

/* A part of an image that is mapped alike; size 0 for none. */
struct modules_segment {
	uintptr_t start;
	size_t size;
};

static inline bool modules_holds(
	const struct modules_segment *segment, uintptr_t address, size_t size)
{
	size_t from = address - segment->start;

	return from <= segment->size && segment->size - from >= size;
}

/* The segment of the image that can be read (PF_R), executed (PF_X) and holds the `size` bytes at
 * the address. Anywhere, while the image is loaded. */
struct modules_segment modules_segment(
	const struct modules_image *image, uintptr_t address, size_t size, uint32_t flags);

/* Whether there is one. Same rules. */
static inline bool modules_covers(
	const struct modules_image *image, uintptr_t address, size_t size, uint32_t flags)
{
	return modules_segment(image, address, size, flags).size != 0;
}

/* The number of the image's struct vmatlas_module, made now if need be; 0 when it cannot be kept.
 * `replaced` becomes true when it took the place of others that must have been unloaded. `pc` is
 * any address in it that is mapped. Under the guard, on the private stack; takes locks. */
uint32_t modules_number(const struct modules_image *image, uintptr_t pc, bool *replaced);

/* The struct vmatlas_module records. Anywhere. */
const struct lane *modules_lane(void);

#endif
