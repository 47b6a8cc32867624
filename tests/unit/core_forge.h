/* core_forge.h - the core file of a process that never was, for tests: headers, notes, and two
 * pages of memory, at places that a test can also damage. */
#ifndef CORE_FORGE_H
#define CORE_FORGE_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "core/blocks.h"
#include "core/lane.h"
#include "vmatlas_storefile.h"

enum {
	CORE_FORGE_HEADERS = 0x40,
	CORE_FORGE_NOTES = 0x1000,
	CORE_FORGE_MEMORY = 0x2000,
	CORE_FORGE_SIZE = 0x4000,
	CORE_FORGE_PAGE = 4096,
};

/* A real file, so that the heap behind it is told. */
#define CORE_FORGE_PROGRAM_PATH "/bin/sh"
#define CORE_FORGE_SHIM_PATH "/usr/lib/libvmatlas.so"

#define CORE_FORGE_PROGRAM 0x555555554000ull
#define CORE_FORGE_HEAP 0x555555600000ull
#define CORE_FORGE_LEFT_OUT 0x7ffff7d00000ull
#define CORE_FORGE_SHIM 0x7ffff7f00000ull
#define CORE_FORGE_VDSO 0x7ffff7fc9000ull
#define CORE_FORGE_STACK 0x7ffffffde000ull
#define CORE_FORGE_VSYSCALL 0xffffffffff600000ull

/* One mapping of the note of files; the offset in pages. */
struct core_forge_mapped {
	uint64_t start, end, offset;
};

struct core_forge {
	unsigned char bytes[CORE_FORGE_SIZE];
	size_t notes;  /* bytes used */
	size_t memory; /* bytes used */
};

static inline Elf64_Ehdr *core_forge_elf(struct core_forge *forge)
{
	return (void *)forge->bytes;
}

static inline Elf64_Phdr *core_forge_segment(struct core_forge *forge, unsigned number)
{
	return (Elf64_Phdr *)(void *)(forge->bytes + CORE_FORGE_HEADERS) + number;
}

/* The note that has all others in it is segment 0. */
static inline Elf64_Phdr *core_forge_add(struct core_forge *forge, Elf64_Phdr header)
{
	unsigned number = core_forge_elf(forge)->e_phnum++;

	if (CORE_FORGE_HEADERS + (number + 1) * sizeof(header) > CORE_FORGE_NOTES)
		abort();
	*core_forge_segment(forge, number) = header;
	return core_forge_segment(forge, number);
}

static inline void core_forge_load(
	struct core_forge *forge, uint64_t start, uint64_t size, uint32_t flags, uint64_t held)
{
	core_forge_add(forge, (Elf64_Phdr){.p_type = PT_LOAD,
				      .p_flags = flags,
				      .p_vaddr = start,
				      .p_memsz = size,
				      .p_filesz = held,
				      .p_offset = CORE_FORGE_MEMORY + forge->memory});
	forge->memory += held;
	if (CORE_FORGE_MEMORY + forge->memory > CORE_FORGE_SIZE)
		abort();
}

/* Appends a note of the kernel's to those at `notes`, of which `*used` bytes are used. */
static inline void core_forge_put(
	unsigned char *notes, size_t *used, uint32_t type, const void *bytes, size_t size)
{
	Elf64_Nhdr note = {.n_namesz = 5, .n_descsz = (uint32_t)size, .n_type = type};

	memcpy(notes + *used, &note, sizeof(note));
	memcpy(notes + *used + sizeof(note), "CORE\0\0\0", 8);
	memcpy(notes + *used + sizeof(note) + 8, bytes, size);
	*used += sizeof(note) + 8 + ((size + 3) & ~(size_t)3);
}

static inline void core_forge_note(
	struct core_forge *forge, uint32_t type, const void *bytes, size_t size)
{
	if (CORE_FORGE_NOTES + forge->notes + size + 32 > CORE_FORGE_MEMORY)
		abort();
	core_forge_put(forge->bytes + CORE_FORGE_NOTES, &forge->notes, type, bytes, size);
	core_forge_segment(forge, 0)->p_filesz = forge->notes;
}

/* The description of a note of files; returns its length. `paths` has a NUL behind each. */
static inline size_t core_forge_describe(char *to, const struct core_forge_mapped *mapped,
	size_t count, const char *paths, size_t length)
{
	uint64_t head[2] = {count, CORE_FORGE_PAGE};

	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), mapped, count * sizeof(*mapped));
	memcpy(to + sizeof(head) + count * sizeof(*mapped), paths, length);
	return sizeof(head) + count * sizeof(*mapped) + length;
}

static inline void core_forge_process(struct core_forge *forge)
{
	struct elf_prpsinfo process = {.pr_pid = 4711};
	struct elf_prstatus status = {.pr_cursig = 11};
	Elf64_auxv_t vector[] = {
		{AT_RANDOM, {CORE_FORGE_STACK + 0x10009}},
		{AT_SYSINFO_EHDR, {CORE_FORGE_VDSO}},
		{AT_ENTRY, {CORE_FORGE_PROGRAM + 0x1040}},
		{AT_NULL, {0}},
	};

	memcpy(process.pr_fname, "made-up", 7);
	memcpy(process.pr_psargs, "made-up --of nothing ", 21);
	core_forge_note(forge, NT_PRSTATUS, &status, sizeof(status));
	core_forge_note(forge, NT_PRPSINFO, &process, sizeof(process));
	core_forge_note(forge, NT_AUXV, vector, sizeof(vector));
}

static inline void core_forge_files(struct core_forge *forge)
{
	static const char paths[] = CORE_FORGE_PROGRAM_PATH
		"\0" CORE_FORGE_PROGRAM_PATH "\0" CORE_FORGE_PROGRAM_PATH "\0/usr/lib/left-out.so"
		"\0" CORE_FORGE_SHIM_PATH "\0" CORE_FORGE_SHIM_PATH;
	static const struct core_forge_mapped mapped[] = {
		{CORE_FORGE_PROGRAM, CORE_FORGE_PROGRAM + 0x1000, 0},
		{CORE_FORGE_PROGRAM + 0x1000, CORE_FORGE_PROGRAM + 0x3000, 1},
		{CORE_FORGE_PROGRAM + 0x3000, CORE_FORGE_PROGRAM + 0x4000, 3},
		{CORE_FORGE_LEFT_OUT, CORE_FORGE_LEFT_OUT + 0x1000, 0},
		{CORE_FORGE_SHIM, CORE_FORGE_SHIM + 0x1000, 0},
		{CORE_FORGE_SHIM + 0x1000, CORE_FORGE_SHIM + 0x3000, 1},
	};
	char note[1024];
	size_t length = core_forge_describe(note, mapped, 6, paths, sizeof(paths));

	core_forge_note(forge, NT_FILE, note, length);
}

static inline void core_forge_memory(struct core_forge *forge)
{
	core_forge_load(forge, CORE_FORGE_PROGRAM, 0x1000, PF_R, 0);
	core_forge_load(forge, CORE_FORGE_PROGRAM + 0x1000, 0x2000, PF_R | PF_X, 0);
	core_forge_load(forge, CORE_FORGE_PROGRAM + 0x3000, 0x1000, PF_R | PF_W, 0);
	core_forge_load(forge, CORE_FORGE_HEAP, 0x21000, PF_R | PF_W, 0x1000);
	core_forge_load(forge, CORE_FORGE_SHIM, 0x1000, PF_R | PF_X, 0);
	core_forge_load(forge, CORE_FORGE_SHIM + 0x1000, 0x2000, PF_R | PF_W, 0);
	core_forge_load(forge, CORE_FORGE_SHIM + 0x3000, 0x2000, PF_R | PF_W, 0x1000);
	core_forge_load(forge, CORE_FORGE_VDSO - 0x4000, 0x2000, PF_R, 0);
	core_forge_load(forge, CORE_FORGE_VDSO - 0x2000, 0x2000, PF_R, 0);
	core_forge_load(forge, CORE_FORGE_VDSO, 0x2000, PF_R | PF_X, 0);
	core_forge_load(forge, CORE_FORGE_STACK, 0x21000, PF_R | PF_W, 0);
	core_forge_load(forge, CORE_FORGE_VSYSCALL, 0x1000, PF_X, 0);
}

/* The shim's variables, in the second page of memory. There are no tables: no block was made. */
static inline struct vmatlas_storefile *core_forge_head(struct core_forge *forge)
{
	return (void *)(forge->bytes + CORE_FORGE_MEMORY + 0x1000 + 0x240);
}

static inline void core_forge_variables(struct core_forge *forge)
{
	struct vmatlas_storefile *head = core_forge_head(forge);

	memcpy(head->magic, VMATLAS_STOREFILE_MAGIC, 8);
	head->byte_order = VMATLAS_BYTE_ORDER;
	head->version = VMATLAS_STOREFILE_VERSION;
	head->record_version = VMATLAS_STORE_VERSION;
	head->page_size = CORE_FORGE_PAGE;
	head->lane_bytes = sizeof(struct lane);
	head->blocks_bytes = sizeof(struct blocks);
	head->leaf_bytes = sizeof(struct blocks_leaf);
	head->pid = 4711;
	head->glibc = 1;
	head->start = (struct vmatlas_instant){500, 1700000000000000000ull, 1000};
	head->later = head->start;
	head->frequency = 1000000000;
}

/* From malloc. */
static inline struct core_forge *core_forge_make(void)
{
	struct core_forge *forge = calloc(1, sizeof(*forge));
	Elf64_Ehdr *elf = core_forge_elf(forge);

	memcpy(elf->e_ident, ELFMAG, SELFMAG);
	elf->e_ident[EI_CLASS] = ELFCLASS64;
	elf->e_ident[EI_DATA] = ELFDATA2LSB;
	elf->e_type = ET_CORE;
	elf->e_machine = EM_X86_64;
	elf->e_phoff = CORE_FORGE_HEADERS;
	elf->e_phentsize = sizeof(Elf64_Phdr);
	core_forge_add(forge, (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = CORE_FORGE_NOTES});
	core_forge_process(forge);
	core_forge_files(forge);
	core_forge_memory(forge);
	core_forge_variables(forge);
	return forge;
}

#endif
