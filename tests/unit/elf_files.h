/* elf_files.h - ELF files for the tests: real ones, ones in memory, and forged ones. */
#ifndef ELF_FILES_H
#define ELF_FILES_H

#include "core/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* A file in memory. */
struct bytes {
	unsigned char *data;
	size_t size;
};

static inline ssize_t bytes_read(void *context, void *buffer, size_t size, uint64_t offset)
{
	const struct bytes *bytes = context;

	if (offset >= bytes->size)
		return 0;
	if (size > bytes->size - offset)
		size = bytes->size - offset;
	memcpy(buffer, bytes->data + offset, size);
	return (ssize_t)size;
}

static inline struct elf_source bytes_source(struct bytes *bytes)
{
	return (struct elf_source){bytes_read, bytes};
}

/* The whole of a file; its data is NULL if it cannot be read. Freed by the caller. */
static inline struct bytes bytes_load(const char *path)
{
	struct bytes bytes = {NULL, 0};
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return bytes;
	if (fstat(fd, &status) == 0 && (bytes.data = malloc((size_t)status.st_size + 1)))
		bytes.size = (size_t)status.st_size;
	for (size_t at = 0; at < bytes.size;) {
		ssize_t got = read(fd, bytes.data + at, bytes.size - at);

		if (got <= 0)
			abort();
		at += (size_t)got;
	}
	close(fd);
	return bytes;
}

/* An open file; the context is the descriptor. */
static inline ssize_t file_read(void *context, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got = pread(*(int *)context, buffer, size, (off_t)offset);

	return got < 0 ? -errno : got;
}

/* A forged file: tables at fixed places, so that a test can also damage what it knows. The code
 * it claims to have is not there; nobody reads it. */
enum {
	FORGE_SIZE = 0x20000,
	FORGE_PROGRAM_HEADERS = 0x40,
	FORGE_SECTION_HEADERS = 0x800,
	FORGE_NOTES = 0xc00,
	FORGE_TABLES = 0x1000,
	FORGE_TABLE_SIZE = 0x6000,
};

/* Its sections, by number. Vaddrs: .text 0x1000-0x5000, .init 0x5000-0x6000, both executable;
 * .data 0x7000-0x8000. */
enum {
	FORGE_TEXT = 1,
	FORGE_INIT,
	FORGE_DATA,
	FORGE_SYMTAB,
	FORGE_STRTAB,
	FORGE_DYNSYM,
	FORGE_DYNSTR,
	FORGE_SECTIONS
};

struct forge {
	struct bytes bytes;
	bool is64;
	unsigned segments;
	size_t strings[FORGE_SECTIONS]; /* bytes used of a string table */
	size_t symbols[FORGE_SECTIONS]; /* entries of a symbol table */
};

static inline void forge_header(struct forge *forge, uint16_t machine)
{
	static const unsigned char ident[EI_NIDENT] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};
	Elf64_Ehdr wide = {.e_type = ET_DYN,
		.e_machine = machine,
		.e_phoff = FORGE_PROGRAM_HEADERS,
		.e_shoff = FORGE_SECTION_HEADERS,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_phnum = (uint16_t)forge->segments,
		.e_shnum = FORGE_SECTIONS};
	Elf32_Ehdr narrow = {.e_type = ET_DYN,
		.e_machine = machine,
		.e_phoff = FORGE_PROGRAM_HEADERS,
		.e_shoff = FORGE_SECTION_HEADERS,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_phnum = (uint16_t)forge->segments,
		.e_shnum = FORGE_SECTIONS};

	if (forge->is64)
		memcpy(forge->bytes.data, &wide, sizeof(wide));
	else
		memcpy(forge->bytes.data, &narrow, sizeof(narrow));
	memcpy(forge->bytes.data, ident, sizeof(ident));
	forge->bytes.data[EI_CLASS] = forge->is64 ? ELFCLASS64 : ELFCLASS32;
	forge->bytes.data[EI_DATA] = ELFDATA2LSB;
}

static inline void forge_segment(struct forge *forge, Elf64_Phdr head)
{
	Elf32_Phdr narrow = {.p_type = head.p_type,
		.p_flags = head.p_flags,
		.p_offset = (uint32_t)head.p_offset,
		.p_vaddr = (uint32_t)head.p_vaddr,
		.p_filesz = (uint32_t)head.p_filesz,
		.p_memsz = (uint32_t)head.p_memsz,
		.p_align = (uint32_t)head.p_align};
	unsigned char *table = forge->bytes.data + FORGE_PROGRAM_HEADERS;
	unsigned index = forge->segments++;
	uint16_t count = (uint16_t)forge->segments;

	if (forge->is64)
		memcpy(table + index * sizeof(head), &head, sizeof(head));
	else
		memcpy(table + index * sizeof(narrow), &narrow, sizeof(narrow));
	memcpy(forge->bytes.data + (forge->is64 ? offsetof(Elf64_Ehdr, e_phnum)
						: offsetof(Elf32_Ehdr, e_phnum)),
		&count, sizeof(count));
}

static inline void forge_load(struct forge *forge, uint32_t flags, uint64_t vaddr, uint64_t offset,
	uint64_t filesz, uint64_t memsz)
{
	forge_segment(forge, (Elf64_Phdr){.p_type = PT_LOAD,
				     .p_flags = flags,
				     .p_vaddr = vaddr,
				     .p_offset = offset,
				     .p_filesz = filesz,
				     .p_memsz = memsz,
				     .p_align = PAGE});
}

static inline void forge_section(struct forge *forge, unsigned index, Elf64_Shdr head)
{
	Elf32_Shdr narrow = {.sh_type = head.sh_type,
		.sh_addr = (uint32_t)head.sh_addr,
		.sh_offset = (uint32_t)head.sh_offset,
		.sh_size = (uint32_t)head.sh_size,
		.sh_link = head.sh_link,
		.sh_entsize = (uint32_t)head.sh_entsize};
	unsigned char *table = forge->bytes.data + FORGE_SECTION_HEADERS;

	if (forge->is64)
		memcpy(table + index * sizeof(head), &head, sizeof(head));
	else
		memcpy(table + index * sizeof(narrow), &narrow, sizeof(narrow));
}

static inline uint64_t forge_place(unsigned section)
{
	return FORGE_TABLES + (uint64_t)(section - FORGE_SYMTAB) * FORGE_TABLE_SIZE;
}

static inline void forge_symtab(struct forge *forge, unsigned section)
{
	size_t entry = forge->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);

	forge_section(forge, section,
		(Elf64_Shdr){.sh_type = section == FORGE_SYMTAB ? SHT_SYMTAB : SHT_DYNSYM,
			.sh_offset = forge_place(section),
			.sh_size = forge->symbols[section] * entry,
			.sh_entsize = entry,
			.sh_link = section + 1});
	forge_section(forge, section + 1,
		(Elf64_Shdr){.sh_type = SHT_STRTAB,
			.sh_offset = forge_place(section + 1),
			.sh_size = forge->strings[section + 1]});
}

/* A file without symbols: code at 0x1000-0x6000, data at 0x7000-0x8000, offset = vaddr. */
static inline void forge_begin(struct forge *forge, bool is64, uint16_t machine)
{
	*forge = (struct forge){.is64 = is64};
	forge->bytes.size = FORGE_SIZE;
	forge->bytes.data = calloc(1, FORGE_SIZE);
	if (!forge->bytes.data)
		abort();
	forge_header(forge, machine);
	forge_section(forge, FORGE_TEXT,
		(Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_addr = 0x1000, .sh_size = 0x4000});
	forge_section(forge, FORGE_INIT,
		(Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_addr = 0x5000, .sh_size = 0x1000});
	forge_section(forge, FORGE_DATA,
		(Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_addr = 0x7000, .sh_size = 0x1000});
}

static inline void forge_loads(struct forge *forge)
{
	forge_load(forge, PF_R | PF_X, 0x1000, 0x1000, 0x5000, 0x5000);
	forge_load(forge, PF_R | PF_W, 0x7000, 0x7000, 0x1000, 0x1000);
}

static inline void forge_end(struct forge *forge)
{
	free(forge->bytes.data);
}

/* Adds a string to the table of FORGE_SYMTAB or FORGE_DYNSYM; returns its offset. */
static inline uint32_t forge_string(struct forge *forge, unsigned symtab, const char *string)
{
	size_t *used = &forge->strings[symtab + 1];
	size_t length = strlen(string) + 1;
	uint32_t offset;

	if (*used == 0)
		*used = 1; /* the empty name */
	offset = (uint32_t)*used;
	if (*used + length > FORGE_TABLE_SIZE)
		abort();
	memcpy(forge->bytes.data + forge_place(symtab + 1) + *used, string, length);
	*used += length;
	forge_symtab(forge, symtab);
	return offset;
}

/* A symbol to forge: defaults are what most have. */
struct forged {
	const char *name;
	uint64_t value, size;
	unsigned type, bind, section, table;
};

static inline void forge_symbol(struct forge *forge, struct forged symbol)
{
	unsigned table = symbol.table ? symbol.table : FORGE_SYMTAB;
	uint32_t name = forge_string(forge, table, symbol.name);
	size_t index = forge->symbols[table]++;
	unsigned char *at = forge->bytes.data + forge_place(table);
	Elf64_Sym wide = {.st_name = name,
		.st_value = symbol.value,
		.st_size = symbol.size,
		.st_info = ELF64_ST_INFO(symbol.bind, symbol.type),
		.st_shndx = (uint16_t)symbol.section};
	Elf32_Sym narrow = {.st_name = name,
		.st_value = (uint32_t)symbol.value,
		.st_size = (uint32_t)symbol.size,
		.st_info = ELF32_ST_INFO(symbol.bind, symbol.type),
		.st_shndx = (uint16_t)symbol.section};

	if ((index + 1) * sizeof(wide) > FORGE_TABLE_SIZE)
		abort();
	if (forge->is64)
		memcpy(at + index * sizeof(wide), &wide, sizeof(wide));
	else
		memcpy(at + index * sizeof(narrow), &narrow, sizeof(narrow));
	forge_symtab(forge, table);
}

/* The same numbers on every machine and in every run. */
static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
