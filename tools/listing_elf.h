/* listing_elf.h - what an ELF file on disk says about its own layout. */
#ifndef VMATLAS_LISTING_ELF_H
#define VMATLAS_LISTING_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One PT_LOAD, in the order of the program headers. */
struct listing_load {
	uint64_t vaddr, memsz, offset, filesz;
	uint32_t flags;  /* PF_R, PF_W, PF_X */
	unsigned number; /* among all program headers, from 0, as readelf(1) counts them */
};

/* One section with room in memory (SHF_ALLOC), but for .tbss, which has none. */
struct listing_section {
	char *name; /* bytes of strangers */
	uint64_t vaddr, size;
};

/* Addresses are the file's own. */
struct listing_elf {
	struct listing_load *load;
	size_t loads;
	struct listing_section *section;
	size_t sections;
	uint64_t relro_start, relro_end; /* PT_GNU_RELRO; equal where there is none */
};

/* Reads the headers of an open file, which stays the caller's. 0 and *elf, to be given to
 * listing_elf_free; ENOEXEC for what is no ELF file with a PT_LOAD, or a damaged one; ENOMEM. */
int listing_elf_read(int file, struct listing_elf **elf);
void listing_elf_free(struct listing_elf *elf);

#endif
