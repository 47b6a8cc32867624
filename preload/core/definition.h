/* definition.h - whether an ELF file defines a function of its own by a certain name. */
#ifndef VMATLAS_DEFINITION_H
#define VMATLAS_DEFINITION_H

#include "elf.h"

/* The least buffer to read with, in bytes. 16 KiB and more read large tables faster. */
enum { DEFINITION_BUFFER_MIN = 2048 };

/* Where a function is defined: any of these together. */
enum {
	DEFINITION_DYNSYM = 1, /* in .dynsym: other objects can see it, and call it */
	DEFINITION_SYMTAB = 2, /* in .symtab; where this stands alone, it is hidden from others */
	DEFINITION_UNSURE = 4, /* not found in a table that is damaged or too large to say */
};

/* Tells where the file itself defines a function `name` (of 1 to 255 bytes), with any version;
 * 0 for nowhere. Anywhere, signal handlers included, if the source's callback may. The
 * buffer is for reading, aligned like malloc's, DEFINITION_BUFFER_MIN bytes or more. Reads the
 * string tables and, where they have the name, the symbol tables; no more than 1 GiB each. */
unsigned definition_find(const struct elf_source *source, const struct elf_image *image,
	const char *name, void *buffer, size_t buffer_size);

#endif
