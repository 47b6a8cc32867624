/* symtab.h - the entries of an ELF symbol table, one after the other.
 *
 * The table is read once from front to back in pieces as large as the caller's buffer, so a table
 * of 500 MB needs no more memory than one of 5 KB. All functions may be called anywhere, signal
 * handlers included, if the source's callback may. */
#ifndef VMATLAS_SYMTAB_H
#define VMATLAS_SYMTAB_H

#include "elf.h"

/* Entries handed out of one table at most: 32 million make 768 MB, read in about half a second
 * where it is cached. The symbol table of a browser with everything in it has some 5 million. */
enum { SYMTAB_ENTRIES_MAX = 32 << 20 };

/* One entry of either class. */
struct symtab_entry {
	uint64_t value, size;
	uint32_t name;    /* offset in the string table */
	uint16_t section; /* SHN_... */
	uint8_t type;     /* STT_... */
	uint8_t bind;     /* STB_... */
};

/* A table while it is read. The source and the buffer stay the caller's and must live as long. */
struct symtab {
	const struct elf_source *source;
	struct elf_section strings;
	uint64_t offset;  /* in the file, of the first entry that is not in the buffer */
	uint64_t left;    /* entries not handed out yet; what remains at the end was unreadable */
	uint64_t skipped; /* entries beyond SYMTAB_ENTRIES_MAX */
	unsigned char *buffer;
	size_t buffer_size, at, filled; /* in bytes */
	bool is64;
};

/* Opens the first table of type SHT_SYMTAB or SHT_DYNSYM. 0; ENOENT where there is none, or one
 * without content (as in a file of debug information); ENOEXEC where it or its string table is
 * damaged; EINVAL for a buffer that holds no entry; or the errno of the callback. */
int symtab_open(struct symtab *symtab, const struct elf_source *source,
	const struct elf_image *image, uint32_t type, void *buffer, size_t buffer_size);

/* The next entry; false at the end, be it the table's or that of what can be read. */
bool symtab_next(struct symtab *symtab, struct symtab_entry *entry);

/* Whether the entry stands for something at an address of this file. */
static inline bool symtab_is_defined(const struct symtab_entry *entry)
{
	return entry->section != SHN_UNDEF && entry->section != SHN_ABS &&
	       entry->section != SHN_COMMON;
}

static inline bool symtab_is_function(const struct symtab_entry *entry)
{
	return entry->type == STT_FUNC || entry->type == STT_GNU_IFUNC;
}

/* Copies the name at offset `name` of a string table into `buffer`, NUL-terminated and cut off
 * where the buffer (at least 1 byte) or the file ends; a version ("@@GLIBC_2.34") is no part of
 * it. The bytes are whatever the file has. Returns the length, 0 where there is no name;
 * `*truncated` tells whether something was cut off. */
size_t symtab_name(const struct elf_source *source, const struct elf_section *strings,
	uint32_t name, char *buffer, size_t size, bool *truncated);

#endif
