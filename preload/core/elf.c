#include "elf.h"

#include <errno.h>
#include <string.h>

/* Program headers looked at; binaries on a Debian 12 system have up to 14. */
enum { PROGRAM_HEADERS_MAX = 256 };

/* Notes looked at in one segment. A build-id is among the first three where linkers put it. */
enum { NOTES_MAX = 32 };

int elf_fetch(const struct elf_source *source, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got;

	/* pread's offset is signed. */
	if (offset > INT64_MAX - (uint64_t)size)
		return ENOEXEC;
	got = source->read(source->context, buffer, size, offset);
	if (got < 0)
		return (int)-got;
	return (size_t)got == size ? 0 : ENOEXEC;
}

/* Files of both classes are read as one: what is 32 bits wide is widened, field by field. */
static Elf64_Ehdr header_widened(const Elf32_Ehdr *raw)
{
	return (Elf64_Ehdr){
		.e_ident[EI_CLASS] = ELFCLASS32,
		.e_type = raw->e_type,
		.e_machine = raw->e_machine,
		.e_phoff = raw->e_phoff,
		.e_phnum = raw->e_phnum,
		.e_phentsize = raw->e_phentsize,
		.e_shoff = raw->e_shoff,
		.e_shnum = raw->e_shnum,
		.e_shentsize = raw->e_shentsize,
	};
}

static int header_read(const struct elf_source *source, Elf64_Ehdr *head)
{
	Elf32_Ehdr narrow;
	int error = elf_fetch(source, &narrow, sizeof(narrow), 0);

	if (error)
		return error;
	if (memcmp(narrow.e_ident, ELFMAG, SELFMAG) != 0 || narrow.e_ident[EI_DATA] != ELFDATA2LSB)
		return ENOEXEC;
	if (narrow.e_ident[EI_CLASS] == ELFCLASS64)
		return elf_fetch(source, head, sizeof(*head), 0);
	if (narrow.e_ident[EI_CLASS] != ELFCLASS32)
		return ENOEXEC;
	*head = header_widened(&narrow);
	return 0;
}

static int header_take(const Elf64_Ehdr *head, bool is64, struct elf_image *image)
{
	size_t program_header = is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t section_header = is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	if (head->e_type != ET_EXEC && head->e_type != ET_DYN)
		return ENOEXEC;
	if (head->e_phentsize != program_header)
		return ENOEXEC;
	image->is64 = is64;
	image->type = head->e_type;
	image->machine = head->e_machine;
	image->section_headers = head->e_shoff;
	image->section_count = head->e_shentsize == section_header ? head->e_shnum : 0;
	return 0;
}

/* Program header number `index` of the table at `table`. A sum that wraps reads another part of
 * the file: wrong, not dangerous. */
static int program_header_read(const struct elf_source *source, bool is64, uint64_t table,
	unsigned index, Elf64_Phdr *head)
{
	Elf32_Phdr raw;
	int error;

	if (is64)
		return elf_fetch(source, head, sizeof(*head), table + index * sizeof(*head));
	error = elf_fetch(source, &raw, sizeof(raw), table + index * sizeof(raw));
	if (!error)
		*head = (Elf64_Phdr){raw.p_type, raw.p_flags, raw.p_offset, raw.p_vaddr,
			raw.p_paddr, raw.p_filesz, raw.p_memsz, raw.p_align};
	return error;
}

/* Whether neither range of the segment wraps around; filesz > memsz is refused by the kernel. */
static bool is_sound(const Elf64_Phdr *head)
{
	return head->p_filesz <= head->p_memsz && head->p_vaddr + head->p_memsz >= head->p_vaddr &&
	       head->p_offset + head->p_filesz >= head->p_offset;
}

static void load_add(struct elf_image *image, const Elf64_Phdr *head)
{
	if (image->load_count == ELF_LOADS_MAX || !is_sound(head)) {
		image->loads_lost++;
		return;
	}
	if (image->load_count == 0 || elf_page_down(image, head->p_vaddr) < image->base)
		image->base = elf_page_down(image, head->p_vaddr);
	image->loads[image->load_count++] = (struct elf_segment){
		head->p_vaddr, head->p_memsz, head->p_offset, head->p_filesz, head->p_flags};
}

/* Reads one note at `offset` into the image if it is the build-id, and moves `offset` behind it.
 * false where the notes end: at the end of the segment, or at one that cannot be read. */
static bool note_read(const struct elf_source *source, struct elf_image *image, uint64_t align,
	uint64_t end, uint64_t *offset)
{
	/* The sizes are 32 bits each, so these sums do not wrap: `end` is below 2^63 or the fetch
	 * fails. */
	struct {
		Elf64_Nhdr head;
		char name[sizeof(ELF_NOTE_GNU)];
	} note;
	uint64_t descriptor;

	if (*offset > end || end - *offset < sizeof(note) ||
		elf_fetch(source, &note, sizeof(note), *offset))
		return false;
	descriptor =
		*offset + ((sizeof(note.head) + note.head.n_namesz + align - 1) & ~(align - 1));
	if (note.head.n_type == NT_GNU_BUILD_ID && note.head.n_namesz == sizeof(note.name) &&
		memcmp(note.name, ELF_NOTE_GNU, sizeof(note.name)) == 0 &&
		note.head.n_descsz <= ELF_BUILD_ID_MAX &&
		elf_fetch(source, image->build_id, note.head.n_descsz, descriptor) == 0)
		image->build_id_length = (uint16_t)note.head.n_descsz;
	*offset = descriptor + ((note.head.n_descsz + align - 1) & ~(align - 1));
	return image->build_id_length == 0;
}

/* A file without a readable build-id is as good as one that has none: no error. */
static void notes_read(
	const struct elf_source *source, struct elf_image *image, const Elf64_Phdr *head)
{
	uint64_t align = head->p_align == 8 ? 8 : 4;
	uint64_t offset = head->p_offset, end = offset + head->p_filesz;
	int left = NOTES_MAX;

	if (image->build_id_length || !is_sound(head))
		return;
	while (left-- > 0 && note_read(source, image, align, end, &offset))
		continue;
}

static void program_header_take(
	const struct elf_source *source, struct elf_image *image, const Elf64_Phdr *head)
{
	switch (head->p_type) {
	case PT_LOAD:
		load_add(image, head);
		break;
	case PT_GNU_RELRO:
		if (is_sound(head)) {
			image->relro_start = head->p_vaddr;
			image->relro_end = head->p_vaddr + head->p_memsz;
		}
		break;
	case PT_INTERP:
		image->has_interp = true;
		break;
	case PT_DYNAMIC:
		image->has_dynamic = true;
		break;
	case PT_NOTE:
		notes_read(source, image, head);
		break;
	}
}

static int image_read(const struct elf_source *source, struct elf_image *image)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;
	int error = header_read(source, &head);

	if (!error)
		error = header_take(&head, head.e_ident[EI_CLASS] == ELFCLASS64, image);
	for (unsigned i = 0; !error && i < head.e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		error = program_header_read(source, image->is64, head.e_phoff, i, &part);
		if (!error)
			program_header_take(source, image, &part);
	}
	return error ? error : image->load_count ? 0 : ENOEXEC;
}

int elf_read(const struct elf_source *source, uint64_t page_size, struct elf_image *image)
{
	int error;

	memset(image, 0, sizeof(*image));
	image->page_size = page_size;
	error = image_read(source, image);
	if (error)
		memset(image, 0, sizeof(*image));
	return error;
}

static int section_header_read(const struct elf_source *source, bool is64, uint64_t table,
	uint32_t index, Elf64_Shdr *head)
{
	Elf32_Shdr raw;
	int error;

	if (is64)
		return elf_fetch(source, head, sizeof(*head), table + index * sizeof(*head));
	error = elf_fetch(source, &raw, sizeof(raw), table + index * sizeof(raw));
	if (!error)
		*head = (Elf64_Shdr){raw.sh_name, raw.sh_type, raw.sh_flags, raw.sh_addr,
			raw.sh_offset, raw.sh_size, raw.sh_link, raw.sh_info, raw.sh_addralign,
			raw.sh_entsize};
	return error;
}

int elf_section_read(const struct elf_source *source, const struct elf_image *image, uint32_t index,
	struct elf_section *section)
{
	Elf64_Shdr head;
	int error;

	if (index >= image->section_count)
		return ENOENT;
	error = section_header_read(source, image->is64, image->section_headers, index, &head);
	if (!error)
		*section = (struct elf_section){head.sh_flags, head.sh_addr, head.sh_offset,
			head.sh_size, head.sh_entsize, head.sh_name, head.sh_type, head.sh_link};
	return error;
}

int elf_section_find(const struct elf_source *source, const struct elf_image *image, uint32_t type,
	struct elf_section *section)
{
	struct elf_section found;

	for (uint32_t i = 0; i < image->section_count; i++) {
		int error = elf_section_read(source, image, i, &found);

		if (error)
			return error;
		if (found.type == type) {
			*section = found;
			return 0;
		}
	}
	return ENOENT;
}
