#include "core_file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core_elf.h"
#include "core_notes.h"

/* Linux maps 65,530 times at most unless told otherwise; a path takes 4 KiB at most, and a thread
 * some 3 KiB of notes. */
enum { SEGMENTS_MOST = 1 << 20, NOTES_MOST = 1 << 30 };

struct reading {
	struct core_file *core;
	FILE *file;
	struct snapshot_fault *fault;
};

bool core_file_begins(const char *bytes, size_t length)
{
	uint16_t type;

	if (length < EI_NIDENT + sizeof(type) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&type, bytes + EI_NIDENT, sizeof(type));
	return type == ET_CORE;
}

static int fault_at(const struct reading *reading, uint64_t offset, const char *reason)
{
	reading->fault->offset = offset;
	snprintf(reading->fault->reason, sizeof(reading->fault->reason), "%s", reason);
	return EILSEQ;
}

static int read_at(const struct reading *reading, uint64_t offset, void *bytes, size_t size)
{
	errno = 0;
	if (offset > INT64_MAX || fseeko(reading->file, (off_t)offset, SEEK_SET))
		return fault_at(reading, offset, "nothing can be there in a core file");
	if (fread(bytes, 1, size, reading->file) == size)
		return 0;
	if (ferror(reading->file) && errno)
		return errno;
	return fault_at(reading, offset, "the core file is cut short here");
}

static int find_size(const struct reading *reading)
{
	off_t size;

	if (fseeko(reading->file, 0, SEEK_END) || (size = ftello(reading->file)) < 0)
		return fault_at(reading, 0, "a core must be a file: it is not read in one go");
	reading->core->size = (uint64_t)size;
	return 0;
}

/* -- Segments ------------------------------------------------------------------------------- */

static int add_segment(const struct reading *reading, const Elf64_Phdr *header, uint64_t at)
{
	struct core_file *core = reading->core;
	uint64_t held = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz;

	if ((header->p_vaddr | header->p_memsz) % 4096 ||
		header->p_memsz > UINT64_MAX - header->p_vaddr)
		return fault_at(reading, at, "a segment of memory that is none");
	if (!header->p_memsz)
		return 0;
	/* A core is cut short where the disk was full, or a limit reached. */
	if (header->p_offset > core->size)
		held = 0;
	else if (held > core->size - header->p_offset)
		held = core->size - header->p_offset;
	core->segment[core->segments++] = (struct core_segment){
		.start = header->p_vaddr,
		.end = header->p_vaddr + header->p_memsz,
		.offset = header->p_offset,
		.held = held & ~(uint64_t)4095,
		.perms = core_elf_perms(header->p_flags),
	};
	return 0;
}

static int check_segments(const struct reading *reading)
{
	struct core_file *core = reading->core;
	uint64_t held = 0;

	core_file_sort(core);
	for (size_t i = 0; i < core->segments; i++) {
		const struct core_segment *segment = &core->segment[i];

		held += segment->held;
		if (i && segment->start < core->segment[i - 1].end)
			return fault_at(reading, 0, "two segments at one address");
		if (held > core->size)
			return fault_at(reading, 0, "segments hold more than there is");
	}
	return 0;
}

static int add_notes(const struct reading *reading, const Elf64_Phdr *header)
{
	struct core_file *core = reading->core;
	char *grown;

	/* No byte is a note twice: no more memory is taken than there is file. */
	if (header->p_filesz > core->size || core->notes_length + header->p_filesz > core->size ||
		core->notes_length + header->p_filesz > NOTES_MOST)
		return fault_at(reading, header->p_offset, "more notes than there can be");
	grown = realloc(core->notes, core->notes_length + header->p_filesz + 1);
	if (!grown)
		return ENOMEM;
	core->notes = grown;
	core->notes_length += header->p_filesz;
	core->notes[core->notes_length] = '\0';
	return read_at(reading, header->p_offset,
		core->notes + core->notes_length - header->p_filesz, header->p_filesz);
}

static int read_headers(const struct reading *reading, const Elf64_Ehdr *elf, uint64_t count)
{
	Elf64_Phdr header;
	int error = 0;

	for (uint64_t i = 0; !error && i < count; i++) {
		uint64_t at = elf->e_phoff + i * sizeof(header);

		error = read_at(reading, at, &header, sizeof(header));
		if (!error && header.p_type == PT_LOAD)
			error = add_segment(reading, &header, at);
		else if (!error && header.p_type == PT_NOTE)
			error = add_notes(reading, &header);
	}
	return error;
}

/* More than a field of 16 bits can say are told by the first section: elf(5), PN_XNUM. */
static int count_headers(const struct reading *reading, const Elf64_Ehdr *elf, uint64_t *count)
{
	Elf64_Shdr section;
	int error;

	*count = elf->e_phnum;
	if (elf->e_phnum != PN_XNUM)
		return 0;
	error = read_at(reading, elf->e_shoff, &section, sizeof(section));
	*count = error ? 0 : section.sh_info;
	return error;
}

static int read_elf(const struct reading *reading)
{
	Elf64_Ehdr elf;
	uint64_t count = 0;
	int error = read_at(reading, 0, &elf, sizeof(elf));

	if (error)
		return error;
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
		elf.e_machine != EM_X86_64 || elf.e_phentsize != sizeof(Elf64_Phdr))
		return fault_at(reading, EI_CLASS, "the core of a program for another machine");
	error = count_headers(reading, &elf, &count);
	if (!error && (count > SEGMENTS_MOST || count > reading->core->size / sizeof(Elf64_Phdr)))
		error = fault_at(reading, 0, "more segments than there can be");
	if (error)
		return error;
	reading->core->segment = calloc(count + 1, sizeof(*reading->core->segment));
	if (!reading->core->segment)
		return ENOMEM;
	error = read_headers(reading, &elf, count);
	return error ? error : check_segments(reading);
}

/* -- The whole ------------------------------------------------------------------------------ */

int core_file_read(struct core_file *core, FILE *file, struct snapshot_fault *fault)
{
	const struct reading reading = {core, file, fault};
	int error;

	*core = (struct core_file){0};
	error = find_size(&reading);
	if (!error)
		error = read_elf(&reading);
	if (!error)
		core_notes_take(core);
	return error;
}

void core_file_free(struct core_file *core)
{
	free(core->segment);
	free(core->notes);
}

static int by_start(const void *left, const void *right)
{
	const struct core_segment *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void core_file_sort(struct core_file *core)
{
	qsort(core->segment, core->segments, sizeof(*core->segment), by_start);
}

size_t core_file_from(const struct core_file *core, uint64_t start)
{
	size_t from = 0, to = core->segments;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (core->segment[middle].start < start)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct core_segment *core_file_find(const struct core_file *core, uint64_t address)
{
	size_t next = core_file_from(core, address + 1);
	const struct core_segment *segment = next ? &core->segment[next - 1] : NULL;

	return segment && address < segment->end ? segment : NULL;
}
