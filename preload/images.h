/* images.h - where the parts of a loaded ELF file are, by the program headers in its first page. */
#ifndef VMATLAS_IMAGES_H
#define VMATLAS_IMAGES_H

#include "vmatlas_store.h"

#include "core/maps.h"
#include "core/view.h"

#include <elf.h>
#include <stdbool.h>

/* Linkers write a dozen. */
enum { IMAGES_HEADERS = 32 };

/* Too large for a small stack. */
struct images {
	Elf64_Phdr header[IMAGES_HEADERS];
};

/* Whether the mapping is the first of a loaded file, and where the file's data are. A file that
 * somebody only reads is none. Anywhere. */
bool images_read(struct images *images, const struct view *view, const struct maps_line *line,
	struct vmatlas_image *image);

#endif
