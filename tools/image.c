#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file has as many program headers as its ELF header says; a damaged one says 65535 of them. */
#define HEADERS_MOST 1024

static int read_interpreter(Elf *elf, const GElf_Phdr *header, struct image *image)
{
	size_t size = 0;
	const char *file = elf_rawfile(elf, &size);

	if (!file || header->p_filesz == 0 || header->p_filesz > sizeof(image->interpreter))
		return EBADMSG;
	if (header->p_offset > size || header->p_filesz > size - header->p_offset)
		return EBADMSG;
	memcpy(image->interpreter, file + header->p_offset, header->p_filesz);
	/* The kernel refuses a name that does not end (fs/binfmt_elf.c). */
	return image->interpreter[header->p_filesz - 1] ? EBADMSG : 0;
}

static bool has_soname(Elf *elf, const GElf_Phdr *header)
{
	Elf_Data *data =
		elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_DYN);
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		if (entry.d_tag == DT_SONAME)
			return true;
	return false;
}

static int read_program_headers(Elf *elf, struct image *image)
{
	size_t count = 0;
	GElf_Phdr header;
	int error = 0;

	if (elf_getphdrnum(elf, &count) != 0 || count > HEADERS_MOST)
		return EBADMSG;
	if (count == 0 && (image->type == ET_EXEC || image->type == ET_DYN))
		return EBADMSG; /* libelf says 0 for headers that lie beyond the end */
	for (size_t i = 0; i < count && !error; i++) {
		if (!gelf_getphdr(elf, (int)i, &header))
			return EBADMSG;
		if (header.p_type == PT_INTERP)
			error = read_interpreter(elf, &header, image);
		if (header.p_type == PT_DYNAMIC) {
			image->dynamic = true;
			image->library = has_soname(elf, &header);
		}
	}
	return error;
}

static int read_headers(Elf *elf, struct image *image)
{
	GElf_Ehdr header;

	if (!gelf_getehdr(elf, &header))
		return EBADMSG;
	image->machine = header.e_machine;
	image->type = header.e_type;
	image->width = header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	image->data = header.e_ident[EI_DATA];
	return read_program_headers(elf, image);
}

static int read_descriptor(int descriptor, struct image *image)
{
	char magic[SELFMAG];
	Elf *elf;
	int error;

	if (pread(descriptor, magic, SELFMAG, 0) != SELFMAG || memcmp(magic, ELFMAG, SELFMAG) != 0)
		return ENOEXEC;
	elf_version(EV_CURRENT);
	elf = elf_begin(descriptor, ELF_C_READ, NULL);
	if (!elf)
		return EBADMSG;
	error = elf_kind(elf) == ELF_K_ELF ? read_headers(elf, image) : EBADMSG;
	elf_end(elf);
	return error;
}

int image_read(const char *path, struct image *image)
{
	/* Not to wait where a FIFO has no writer. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct image found = {.machine = EM_NONE};
	int error;

	if (descriptor < 0)
		return errno;
	error = read_descriptor(descriptor, &found);
	close(descriptor);
	if (!error)
		*image = found;
	return error;
}

const char *image_machine_name(const struct image *image)
{
	static char number[32];

	switch (image->machine) {
	case EM_X86_64:
		return image->width == 64 ? "x86-64" : "x32";
	case EM_386:
		return "32-bit x86";
	case EM_AARCH64:
		return "AArch64";
	case EM_ARM:
		return "32-bit ARM";
	case EM_RISCV:
		return image->width == 64 ? "64-bit RISC-V" : "32-bit RISC-V";
	case EM_PPC64:
		return "64-bit PowerPC";
	case EM_S390:
		return "S/390";
	}
	snprintf(number, sizeof(number), "ELF machine %d", image->machine);
	return number;
}

bool image_same_machine(const struct image *one, const struct image *other)
{
	return one->machine == other->machine && one->width == other->width &&
	       one->data == other->data;
}
