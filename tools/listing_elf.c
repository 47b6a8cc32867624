#include "listing_elf.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

/* More program headers than any linker writes; e_phnum can say 65,535. */
enum { HEADERS_MAX = 512 };

static void put_load(struct listing_elf *elf, const GElf_Phdr *header, unsigned number)
{
	elf->load[elf->loads++] = (struct listing_load){
		.vaddr = header->p_vaddr,
		.memsz = header->p_memsz,
		.offset = header->p_offset,
		.filesz = header->p_filesz,
		.flags = header->p_flags,
		.number = number,
	};
}

static int read_loads(Elf *file, struct listing_elf *elf)
{
	size_t count;

	if (elf_getphdrnum(file, &count) || !count || count > HEADERS_MAX)
		return ENOEXEC;
	elf->load = calloc(count, sizeof(*elf->load));
	if (!elf->load)
		return ENOMEM;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		if (!gelf_getphdr(file, (int)i, &header))
			return ENOEXEC;
		if (header.p_type == PT_LOAD && header.p_memsz)
			put_load(elf, &header, (unsigned)i);
		if (header.p_type == PT_GNU_RELRO) {
			elf->relro_start = header.p_vaddr;
			elf->relro_end = header.p_vaddr + header.p_memsz;
		}
	}
	return elf->loads ? 0 : ENOEXEC;
}

/* Thread-local zeros stand at addresses that the next section has as well. */
static bool has_memory(const GElf_Shdr *header)
{
	return (header->sh_flags & SHF_ALLOC) && header->sh_size &&
	       !(header->sh_type == SHT_NOBITS && (header->sh_flags & SHF_TLS));
}

static int put_section(struct listing_elf *elf, const GElf_Shdr *header, const char *name)
{
	struct listing_section *section = &elf->section[elf->sections];

	section->name = strdup(name ? name : "?");
	if (!section->name)
		return ENOMEM;
	section->vaddr = header->sh_addr;
	section->size = header->sh_size;
	elf->sections++;
	return 0;
}

/* A file without sections, or with damaged ones, still has its segments. */
static int read_sections(Elf *file, struct listing_elf *elf)
{
	size_t count, names;
	Elf_Scn *at = NULL;

	if (elf_getshdrnum(file, &count) || elf_getshdrstrndx(file, &names) || !count)
		return 0;
	elf->section = calloc(count, sizeof(*elf->section));
	if (!elf->section)
		return ENOMEM;
	while (elf->sections < count && (at = elf_nextscn(file, at))) {
		GElf_Shdr header;
		int error = 0;
		if (gelf_getshdr(at, &header) && has_memory(&header))
			error = put_section(elf, &header, elf_strptr(file, names, header.sh_name));
		if (error)
			return error;
	}
	return 0;
}

int listing_elf_read(int file, struct listing_elf **out)
{
	struct listing_elf *elf = calloc(1, sizeof(*elf));
	int error = ENOEXEC;
	Elf *handle;

	elf_version(EV_CURRENT);
	/* Not mapped: a file that is cut short while it is read must not kill us. */
	handle = elf_begin(file, ELF_C_READ, NULL);
	if (elf && handle && elf_kind(handle) == ELF_K_ELF) {
		error = read_loads(handle, elf);
		error = error ? error : read_sections(handle, elf);
	}
	elf_end(handle);
	if (error)
		listing_elf_free(elf);
	else
		*out = elf;
	return error;
}

void listing_elf_free(struct listing_elf *elf)
{
	if (!elf)
		return;
	for (size_t i = 0; i < elf->sections; i++)
		free(elf->section[i].name);
	free(elf->section);
	free(elf->load);
	free(elf);
}
