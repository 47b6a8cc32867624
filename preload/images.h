/* images.h - where the parts of a loaded ELF file are, by the program headers in its first page. */
#ifndef VMATLAS_IMAGES_H
#define VMATLAS_IMAGES_H

#include "vmatlas_store.h"

#include "core/elf.h"
#include "core/maps.h"
#include "core/view.h"

#include <stdbool.h>

enum { IMAGES_PAGE = 4096 };

/* Too large for a small stack. */
struct images {
	char page[IMAGES_PAGE]; /* the file's first, as it lies in memory */
	struct elf_image elf;
};

/* Whether the mapping is the first of a loaded file, and where the file's data are. A file that
 * somebody only reads is none. Anywhere. */
bool images_read(struct images *images, const struct view *view, const struct maps_line *line,
	struct vmatlas_image *image);

#endif
