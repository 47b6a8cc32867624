/* listing_modules.h - the loaded ELF files of a listing, as their files on disk lay them out. */
#ifndef VMATLAS_LISTING_MODULES_H
#define VMATLAS_LISTING_MODULES_H

#include "listing.h"
#include "listing_elf.h"

/* One file that is mapped. */
struct listing_image {
	struct listing_image *next;
	const struct maps_line *line; /* one of those it is mapped by */
	struct listing_elf *elf;      /* NULL: not an ELF file, or none that can be read */
};

/* One ELF file at one place. */
struct listing_module {
	struct listing_module *next;
	const struct listing_row *first; /* its row with the lowest address */
	const struct listing_elf *elf;   /* of its image */
	uint64_t bias;                   /* address = vaddr + bias, modulo 2^64 */
	uint64_t end;                    /* behind its last segment */
	struct kind_segments segments;
};

/* Finds out which rows are parts of which loaded ELF files, and sets row->module. Only a file that
 * is the mapped one by its inode is believed, and only where each of its segments stands where it
 * must: a file that was merely read through a mapping is no module. Rows stay without a module
 * where nothing is known. */
void listing_modules_find(struct listing *listing);
void listing_modules_free(struct listing *listing);

/* A path by which the module's file, and no other that has its name by now, can be opened. 0, or
 * ENOENT. */
int listing_module_file(const struct listing *listing, const struct listing_module *module,
	char *path, size_t size);

/* The PT_LOAD and the section that have a byte at the address; NULL for none. */
const struct listing_load *listing_module_load_at(
	const struct listing_module *module, uint64_t address);
const struct listing_section *listing_module_section_at(
	const struct listing_module *module, uint64_t address);

/* The PT_LOAD that a row of a module shows, or NULL: padding. */
const struct listing_load *listing_module_load(const struct listing_row *row);

/* The next section of the row's module with bytes in the row; start with *at 0; NULL at the end. */
const struct listing_section *listing_module_section(const struct listing_row *row, size_t *at);

#endif
