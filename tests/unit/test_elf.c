/* test_elf.c - the parts of ELF files, against the loader's own view and `readelf`. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_files.h"
#include "core/segment.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <sys/auxv.h>

/* Big enough to have pages of its own, whatever stands beside it. */
static char big_bss[3 << 20];
static char big_data[64 << 10] = {1};
static const char big_rodata[64 << 10] = {1};
/* A constant with a relocation is relro in a position-independent program. */
static char *const big_relro[8 << 10] = {big_bss, big_data};

/* -- the files of this process ------------------------------------------------------------- */

/* One module as the loader tells of it. */
struct loaded {
	char path[PATH_MAX];
	uint64_t bias;
	Elf64_Phdr heads[32];
	unsigned head_count;
};

struct modules {
	struct loaded list[64];
	unsigned count;
};

static int module_add(struct dl_phdr_info *info, size_t size, void *data)
{
	struct modules *modules = data;
	struct loaded *module = &modules->list[modules->count];
	const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";

	(void)size;
	if (modules->count == 64 || info->dlpi_phnum > 32 || !realpath(path, module->path))
		return 0;
	module->bias = info->dlpi_addr;
	module->head_count = info->dlpi_phnum;
	memcpy(module->heads, info->dlpi_phdr, info->dlpi_phnum * sizeof(Elf64_Phdr));
	modules->count++;
	return 0;
}

static struct modules *modules_load(void)
{
	static struct modules modules;

	/* A shared library of some size more than the test itself needs. */
	dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
	modules.count = 0;
	dl_iterate_phdr(module_add, &modules);
	assert_true(modules.count >= 3);
	return &modules;
}

static void open_image(const char *path, struct elf_image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_source source = {file_read, &fd};

	assert_true(fd >= 0);
	assert_int_equal(elf_read(&source, PAGE, image), 0);
	close(fd);
}

static void check_load(const struct elf_segment *segment, const Elf64_Phdr *head)
{
	assert_int_equal(segment->vaddr, head->p_vaddr);
	assert_int_equal(segment->memsz, head->p_memsz);
	assert_int_equal(segment->offset, head->p_offset);
	assert_int_equal(segment->filesz, head->p_filesz);
	assert_int_equal(segment->flags, head->p_flags);
}

/* What is in the loader's memory of a note segment. */
static void check_build_id(const struct elf_image *image, const struct loaded *module)
{
	for (unsigned i = 0; i < module->head_count; i++) {
		const char *note = (char *)(uintptr_t)(module->bias + module->heads[i].p_vaddr);
		const Elf64_Nhdr *head = (const Elf64_Nhdr *)note;

		if (module->heads[i].p_type != PT_NOTE || head->n_type != NT_GNU_BUILD_ID)
			continue;
		assert_int_equal(image->build_id_length, head->n_descsz);
		assert_memory_equal(
			image->build_id, note + sizeof(*head) + head->n_namesz, head->n_descsz);
		return;
	}
}

static void image_equals_what_the_loader_sees(void **state)
{
	struct modules *modules = modules_load();

	(void)state;
	for (unsigned m = 0; m < modules->count; m++) {
		const struct loaded *module = &modules->list[m];
		struct elf_image image;
		unsigned loads = 0;

		open_image(module->path, &image);
		assert_true(image.is64 && image.has_dynamic);
		for (unsigned i = 0; i < module->head_count; i++) {
			const Elf64_Phdr *head = &module->heads[i];

			if (head->p_type == PT_LOAD)
				check_load(&image.loads[loads++], head);
			if (head->p_type == PT_GNU_RELRO) {
				assert_int_equal(image.relro_start, head->p_vaddr);
				assert_int_equal(image.relro_end, head->p_vaddr + head->p_memsz);
			}
		}
		assert_int_equal(loads, image.load_count);
		assert_int_equal(image.loads_lost, 0);
		check_build_id(&image, module);
	}
}

static void vdso_is_read_from_memory(void **state)
{
	struct bytes bytes = {(unsigned char *)getauxval(AT_SYSINFO_EHDR), 2 * PAGE};
	struct elf_source source = bytes_source(&bytes);
	struct elf_image image;

	(void)state;
	if (!bytes.data)
		skip();
	/* One page is there for sure; the vdso's symbols need not be. */
	bytes.size = PAGE;
	assert_int_equal(elf_read(&source, PAGE, &image), 0);
	assert_int_equal(image.load_count, 1);
	assert_int_equal(image.type, ET_DYN);
	assert_false(image.has_interp);
}

/* -- the mappings of this process ---------------------------------------------------------- */

struct mapping {
	uint64_t start, end, offset;
	uint32_t perms;
	char path[512];
};

static bool mapping_read(FILE *maps, struct mapping *mapping)
{
	char line[1024], perms[5];

	if (!fgets(line, sizeof(line), maps))
		return false;
	mapping->path[0] = '\0';
	assert_true(sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %511s",
			    &mapping->start, &mapping->end, perms, &mapping->offset,
			    mapping->path) >= 4);
	mapping->perms = (perms[0] == 'r' ? PF_R : 0) | (perms[1] == 'w' ? PF_W : 0) |
			 (perms[2] == 'x' ? PF_X : 0);
	return true;
}

static bool mapping_of(const void *address, struct mapping *mapping)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;

	assert_non_null(maps);
	while (!found && mapping_read(maps, mapping))
		found = (uintptr_t)address >= mapping->start && (uintptr_t)address < mapping->end;
	fclose(maps);
	return found;
}

static const struct loaded *module_of(const struct modules *modules, const struct mapping *mapping)
{
	for (unsigned i = 0; i < modules->count; i++)
		if (strcmp(modules->list[i].path, mapping->path) == 0)
			return &modules->list[i];
	return NULL;
}

/* The first mapping of a module, and any executable one, tell where it was loaded. */
static void bias_equals_the_loaders(void **state)
{
	struct modules *modules = modules_load();
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping mapping;
	unsigned checked = 0;

	(void)state;
	assert_non_null(maps);
	while (mapping_read(maps, &mapping)) {
		const struct loaded *module = module_of(modules, &mapping);
		struct elf_image image;
		uint64_t bias;

		if (!module || (mapping.offset && !(mapping.perms & PF_X)))
			continue;
		open_image(module->path, &image);
		assert_int_equal(
			segment_bias(&image, mapping.start, mapping.offset, mapping.perms, &bias),
			0);
		assert_int_equal(bias, module->bias);
		checked++;
	}
	fclose(maps);
	assert_true(checked >= 2 * 3);
}

static enum part part_at(const void *address)
{
	struct modules *modules = modules_load();
	const struct loaded *self = &modules->list[0];
	struct elf_image image;
	struct mapping mapping;

	open_image("/proc/self/exe", &image);
	assert_true(mapping_of(address, &mapping));
	return segment_part(&image, mapping.start - self->bias, mapping.end - self->bias);
}

static void part_of_each_kind_of_variable(void **state)
{
	(void)state;
	/* Written, so that no compiler finds out what is in them. */
	big_bss[1 << 20] = big_data[32 << 10] = 1;
	assert_int_equal(part_at((void *)(uintptr_t)&part_at), PART_TEXT);
	assert_int_equal(part_at(big_rodata + (32 << 10)), PART_RODATA);
	assert_int_equal(part_at(big_relro + (4 << 10)), PART_RELRO);
	assert_int_equal(part_at(big_data + (32 << 10)), PART_DATA);
	assert_int_equal(part_at(big_bss + (2 << 20)), PART_BSS);
}

/* Every file mapping of every module: its part fits its permissions. */
static void parts_fit_permissions(void **state)
{
	struct modules *modules = modules_load();
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping mapping;
	unsigned seen[PART_BSS + 1] = {0};

	(void)state;
	assert_non_null(maps);
	while (mapping_read(maps, &mapping)) {
		const struct loaded *module = module_of(modules, &mapping);
		struct elf_image image;
		enum part part;

		if (!module)
			continue;
		open_image(module->path, &image);
		part = segment_part(
			&image, mapping.start - module->bias, mapping.end - module->bias);
		seen[part]++;
		assert_int_equal(part == PART_TEXT, (mapping.perms & PF_X) != 0);
		assert_int_equal(part == PART_DATA, (mapping.perms & PF_W) != 0);
	}
	fclose(maps);
	for (unsigned i = PART_TEXT; i <= PART_DATA; i++)
		assert_true(seen[i] >= 3);
}

/* -- readelf ------------------------------------------------------------------------------- */

/* Runs a command on a path and gives its output, which the caller closes. */
static FILE *run(const char *command, const char *path)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s '%s' 2>/dev/null", command, path);
	return popen(line, "r");
}

static unsigned check_sections(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_source source = {file_read, &fd};
	struct elf_image image;
	FILE *told = run("readelf -SW", path);
	char line[1024];
	unsigned checked = 0;

	assert_int_equal(elf_read(&source, PAGE, &image), 0);
	while (fgets(line, sizeof(line), told)) {
		uint64_t vaddr, offset, size;
		unsigned index;
		struct elf_section section;

		if (sscanf(line, " [%u] %*s %*s %" SCNx64 " %" SCNx64 " %" SCNx64, &index, &vaddr,
			    &offset, &size) != 4)
			continue;
		assert_int_equal(elf_section_read(&source, &image, index, &section), 0);
		assert_int_equal(section.vaddr, vaddr);
		assert_int_equal(section.offset, offset);
		assert_int_equal(section.size, size);
		checked++;
	}
	pclose(told);
	close(fd);
	return checked;
}

static void sections_equal_readelf(void **state)
{
	struct modules *modules = modules_load();

	(void)state;
	if (system("readelf --version >/dev/null 2>&1") != 0)
		skip();
	for (unsigned i = 0; i < modules->count; i++)
		assert_true(check_sections(modules->list[i].path) >= 10);
}

/* -- forged files -------------------------------------------------------------------------- */

static int forge_read(struct forge *forge, struct elf_image *image)
{
	struct elf_source source = bytes_source(&forge->bytes);

	return elf_read(&source, PAGE, image);
}

static void both_classes_read_alike(void **state)
{
	(void)state;
	for (int is64 = 0; is64 <= 1; is64++) {
		struct forge forge;
		struct elf_image image;

		forge_begin(&forge, is64, is64 ? EM_X86_64 : EM_386);
		forge_load(&forge, PF_R | PF_X, 0x401234, 0x1234, 0x5000, 0x5000);
		forge_load(&forge, PF_R | PF_W, 0x408000, 0x7000, 0x1000, 0x3456);
		forge_segment(&forge,
			(Elf64_Phdr){
				.p_type = PT_GNU_RELRO, .p_vaddr = 0x408000, .p_memsz = 0x800});
		forge_segment(&forge, (Elf64_Phdr){.p_type = PT_INTERP});
		assert_int_equal(forge_read(&forge, &image), 0);
		assert_int_equal(image.is64, is64);
		assert_int_equal(image.machine, is64 ? EM_X86_64 : EM_386);
		assert_int_equal(image.type, ET_DYN);
		assert_int_equal(image.load_count, 2);
		assert_int_equal(image.base, 0x401000);
		assert_int_equal(image.loads[0].vaddr, 0x401234);
		assert_int_equal(image.loads[1].memsz, 0x3456);
		assert_int_equal(image.loads[1].flags, PF_R | PF_W);
		assert_int_equal(image.relro_end, 0x408800);
		assert_true(image.has_interp && !image.has_dynamic);
		assert_int_equal(image.section_count, FORGE_SECTIONS);
		forge_end(&forge);
	}
}

static void sections_of_both_classes(void **state)
{
	(void)state;
	for (int is64 = 0; is64 <= 1; is64++) {
		struct forge forge;
		struct elf_source source;
		struct elf_image image;
		struct elf_section section = {.type = 12345};

		forge_begin(&forge, is64, EM_X86_64);
		forge_loads(&forge);
		forge_string(&forge, FORGE_DYNSYM, "name");
		source = bytes_source(&forge.bytes);
		assert_int_equal(elf_read(&source, PAGE, &image), 0);
		assert_int_equal(elf_section_find(&source, &image, SHT_NOTE, &section), ENOENT);
		assert_int_equal(
			elf_section_read(&source, &image, FORGE_SECTIONS, &section), ENOENT);
		assert_int_equal(section.type, 12345);
		assert_int_equal(elf_section_find(&source, &image, SHT_DYNSYM, &section), 0);
		assert_int_equal(section.link, FORGE_DYNSTR);
		assert_int_equal(section.offset, forge_place(FORGE_DYNSYM));
		forge_end(&forge);
	}
}

/* lld: relro and data are segments of their own, and neighbours share pages of the file. */
static void packed_segments_are_told_apart_by_permissions(void **state)
{
	struct forge forge;
	struct elf_image image;
	uint64_t bias;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R, 0x0, 0x0, 0x5a8, 0x5a8);
	forge_load(&forge, PF_R | PF_X, 0x15b0, 0x5b0, 0x1100, 0x1100);
	forge_load(&forge, PF_R | PF_W, 0x36b0, 0x16b0, 0x1900, 0x1950);
	forge_load(&forge, PF_R | PF_W, 0x5fb0, 0x2fb0, 0x900, 0x5000);
	forge_segment(
		&forge, (Elf64_Phdr){.p_type = PT_GNU_RELRO, .p_vaddr = 0x36b0, .p_memsz = 0x1950});
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_ptr_equal(segment_find(&image, 0x0, PF_R), &image.loads[0]);
	assert_ptr_equal(segment_find(&image, 0x0, PF_R | PF_X), &image.loads[1]);
	assert_ptr_equal(segment_find(&image, 0x1000, PF_R), &image.loads[2]);
	assert_ptr_equal(segment_find(&image, 0x2000, PF_R | PF_W), &image.loads[3]);
	/* The code at file offset 0 is mapped one page up, the data three pages. */
	assert_int_equal(segment_bias(&image, 0x7f0000001000, 0, PF_R | PF_X, &bias), 0);
	assert_int_equal(bias, 0x7f0000000000);
	assert_int_equal(segment_bias(&image, 0x7f0000005000, 0x2000, PF_R | PF_W, &bias), 0);
	assert_int_equal(bias, 0x7f0000000000);
	assert_int_equal(segment_part(&image, 0x3000, 0x5000), PART_RELRO);
	assert_int_equal(segment_part(&image, 0x5000, 0x7000), PART_DATA);
	assert_int_equal(segment_part(&image, 0x7000, 0xb000), PART_BSS);
	forge_end(&forge);
}

/* Relro and data may even both begin in one page of the file. */
static void relro_smaller_than_a_page_is_told_from_data(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R | PF_X, 0x1000, 0x0, 0x2100, 0x2100);
	forge_load(&forge, PF_R | PF_W, 0x4100, 0x2100, 0x100, 0xf00);
	forge_load(&forge, PF_R | PF_W, 0x5200, 0x2200, 0x100, 0x100);
	forge_segment(
		&forge, (Elf64_Phdr){.p_type = PT_GNU_RELRO, .p_vaddr = 0x4100, .p_memsz = 0xf00});
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_ptr_equal(segment_find(&image, 0x2000, PF_R | PF_X), &image.loads[0]);
	assert_ptr_equal(segment_find(&image, 0x2000, PF_R), &image.loads[1]);
	assert_ptr_equal(segment_find(&image, 0x2000, PF_R | PF_W), &image.loads[2]);
	forge_end(&forge);
}

/* Like a large-model program's .data and .ldata. */
static void mapping_is_of_the_segment_that_begins_with_it(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R | PF_W, 0x1000, 0x1000, 0x1200, 0x1200);
	forge_load(&forge, PF_R | PF_W, 0x8200, 0x2200, 0x1000, 0x1000);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_ptr_equal(segment_find(&image, 0x1000, PF_R | PF_W), &image.loads[0]);
	assert_ptr_equal(segment_find(&image, 0x2000, PF_R | PF_W), &image.loads[1]);
	forge_end(&forge);
}

/* The loader protects whole pages only: a page that relro shares with data stays writable. */
static void page_half_relro_is_data(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R | PF_W, 0x7e00, 0x7e00, 0x2000, 0x2000);
	forge_segment(
		&forge, (Elf64_Phdr){.p_type = PT_GNU_RELRO, .p_vaddr = 0x7e00, .p_memsz = 0x800});
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_int_equal(segment_part(&image, 0x7000, 0x8000), PART_RELRO);
	assert_int_equal(segment_part(&image, 0x8000, 0x9000), PART_DATA);
	assert_int_equal(segment_part(&image, 0x7000, 0x9000), PART_DATA);
	forge_end(&forge);
}

static void segment_without_bytes_is_bss(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R | PF_W, 0x9010, 0x9010, 0, 0x2000);
	forge_load(&forge, PF_R | PF_X, 0x3123, 0x1123, 0x100, 0x100);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_int_equal(image.base, 0x3000);
	assert_int_equal(segment_part(&image, 0x9000, 0xc000), PART_BSS);
	assert_null(segment_find(&image, 0x9000, PF_R | PF_W));
	forge_end(&forge);
}

/* The layout of old GNU ld: 2 MiB of nothing between text and data. */
static void holes_are_of_no_segment(void **state)
{
	struct forge forge;
	struct elf_image image;
	uint64_t vaddr = 77;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_load(&forge, PF_R | PF_X, 0, 0, 0x1a0000, 0x1a0000);
	forge_load(&forge, PF_R | PF_W, 0x3a0000, 0x1a0000, 0x6000, 0xa000);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_null(segment_find(&image, 0x1a0000, 0));
	assert_null(segment_find(&image, 0x1a6000, PF_R));
	assert_int_equal(segment_vaddr_of(&image, 0x1a6000, PF_R, &vaddr), ENOENT);
	assert_int_equal(vaddr, 77);
	assert_int_equal(segment_part(&image, 0x1a0000, 0x3a0000), PART_NONE);
	assert_int_equal(segment_part(&image, 0x19f000, 0x1a0000), PART_TEXT);
	assert_int_equal(segment_part(&image, 0x3a6000, 0x3aa000), PART_BSS);
	assert_int_equal(segment_part(&image, 0x3aa000, 0x3ab000), PART_NONE);
	forge_end(&forge);
}

static void text_made_writable_is_still_text(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_loads(&forge);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_ptr_equal(segment_find(&image, 0x1000, PF_R | PF_W | PF_X), &image.loads[0]);
	assert_ptr_equal(segment_find(&image, 0x1000, PF_R | PF_W), &image.loads[0]);
	assert_ptr_equal(segment_find(&image, 0x7000, PF_R), &image.loads[1]);
	forge_end(&forge);
}

static void pages_of_64_kib(void **state)
{
	struct forge forge;
	struct elf_source source;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_AARCH64);
	forge_load(&forge, PF_R | PF_X, 0x400, 0x400, 0x3000, 0x3000);
	source = bytes_source(&forge.bytes);
	assert_int_equal(elf_read(&source, 65536, &image), 0);
	assert_int_equal(segment_part(&image, 0, 65536), PART_TEXT);
	assert_int_equal(segment_part(&image, 65536, 131072), PART_NONE);
	assert_non_null(segment_find(&image, 0xf000, PF_R | PF_X));
	forge_end(&forge);
}

/* -- the build-id -------------------------------------------------------------------------- */

struct forged_note {
	uint32_t type, descriptor;
	char name[4];
};

static void forge_notes(
	struct forge *forge, const struct forged_note *notes, size_t count, uint64_t align)
{
	uint64_t at = FORGE_NOTES;

	for (size_t i = 0; i < count; i++) {
		Elf64_Nhdr head = {4, notes[i].descriptor, notes[i].type};

		memcpy(forge->bytes.data + at, &head, sizeof(head));
		memcpy(forge->bytes.data + at + sizeof(head), notes[i].name, 4);
		memset(forge->bytes.data + at + 16, 0xab,
			notes[i].descriptor < 256 ? notes[i].descriptor : 256);
		at += 16 + ((notes[i].descriptor + align - 1) & ~(align - 1));
	}
	forge_segment(forge, (Elf64_Phdr){.p_type = PT_NOTE,
				     .p_offset = FORGE_NOTES,
				     .p_filesz = at - FORGE_NOTES,
				     .p_memsz = at - FORGE_NOTES,
				     .p_align = align});
}

static unsigned build_id_length(const struct forged_note *notes, size_t count, uint64_t align)
{
	struct forge forge;
	struct elf_image image;

	forge_begin(&forge, true, EM_X86_64);
	forge_loads(&forge);
	forge_notes(&forge, notes, count, align);
	assert_int_equal(forge_read(&forge, &image), 0);
	for (unsigned i = 0; i < image.build_id_length; i++)
		assert_int_equal(image.build_id[i], 0xab);
	forge_end(&forge);
	return image.build_id_length;
}

static void build_id_stands_among_other_notes(void **state)
{
	struct forged_note notes[] = {{NT_GNU_ABI_TAG, 17, "GNU"}, {NT_GNU_BUILD_ID, 16, "XYZ"},
		{NT_GNU_BUILD_ID, 20, "GNU"}};

	(void)state;
	assert_int_equal(build_id_length(notes, 3, 4), 20);
	assert_int_equal(build_id_length(notes, 3, 8), 20);
	assert_int_equal(build_id_length(notes, 2, 4), 0);
}

static void build_id_too_long_is_none(void **state)
{
	struct forged_note note = {NT_GNU_BUILD_ID, ELF_BUILD_ID_MAX + 1, "GNU"};

	(void)state;
	assert_int_equal(build_id_length(&note, 1, 4), 0);
	note.descriptor = ELF_BUILD_ID_MAX;
	assert_int_equal(build_id_length(&note, 1, 4), ELF_BUILD_ID_MAX);
	note.descriptor = UINT32_MAX;
	assert_int_equal(build_id_length(&note, 1, 4), 0);
	note.descriptor = 0;
	assert_int_equal(build_id_length(&note, 1, 4), 0);
}

/* -- what is not to be read ---------------------------------------------------------------- */

static void check_refused(const void *data, size_t size)
{
	struct bytes bytes = {(unsigned char *)(uintptr_t)data, size};
	struct elf_source source = bytes_source(&bytes);
	struct elf_image image, zeros;

	memset(&zeros, 0, sizeof(zeros));
	memset(&image, 0x55, sizeof(image));
	assert_int_equal(elf_read(&source, PAGE, &image), ENOEXEC);
	assert_memory_equal(&image, &zeros, sizeof(image));
}

static void other_files_are_refused(void **state)
{
	static const char script[] = "#!/bin/sh\nexit 0\n";
	static const char long_text[4096] = "\177ELG";

	(void)state;
	check_refused("", 0);
	check_refused(script, sizeof(script));
	check_refused(long_text, sizeof(long_text));
	check_refused("\177ELF", 4);
}

static void unfit_headers_are_refused(void **state)
{
	struct {
		size_t offset;
		unsigned char value;
	} damage[] = {
		{EI_DATA, ELFDATA2MSB},
		{EI_CLASS, ELFCLASSNONE},
		{EI_CLASS, 3},
		{EI_CLASS, ELFCLASS32},
		{offsetof(Elf64_Ehdr, e_type), ET_REL},
		{offsetof(Elf64_Ehdr, e_type), ET_CORE},
		{offsetof(Elf64_Ehdr, e_phentsize), 55},
		{offsetof(Elf64_Ehdr, e_phnum), 0},
		{offsetof(Elf64_Ehdr, e_phoff) + 7, 0x80},
		{offsetof(Elf64_Ehdr, e_phoff) + 4, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct forge forge;

		forge_begin(&forge, true, EM_X86_64);
		forge_loads(&forge);
		forge.bytes.data[damage[i].offset] = damage[i].value;
		check_refused(forge.bytes.data, forge.bytes.size);
		forge_end(&forge);
	}
}

static void section_headers_of_odd_size_are_none(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_loads(&forge);
	forge.bytes.data[offsetof(Elf64_Ehdr, e_shentsize)] = 63;
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_int_equal(image.section_count, 0);
	forge_end(&forge);
}

static void unsound_loads_are_counted(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	forge_begin(&forge, true, EM_X86_64);
	forge_loads(&forge);
	forge_load(&forge, PF_R, 0x9000, 0x9000, 0x2000, 0x1000);
	forge_load(&forge, PF_R, UINT64_MAX - 10, 0x9000, 0x10, 0x1000);
	forge_load(&forge, PF_R, 0x9000, UINT64_MAX - 10, 0x100, 0x1000);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_int_equal(image.load_count, 2);
	assert_int_equal(image.loads_lost, 3);
	forge_end(&forge);
}

static void loads_beyond_the_cap_are_counted(void **state)
{
	struct forge forge;
	struct elf_image image;

	(void)state;
	/* 32-bit headers are small enough to fit before the sections of the forge. */
	forge_begin(&forge, false, EM_386);
	for (unsigned i = 0; i < ELF_LOADS_MAX + 8; i++)
		forge_load(&forge, PF_R, (uint64_t)i * PAGE, (uint64_t)i * PAGE, PAGE, PAGE);
	assert_int_equal(forge_read(&forge, &image), 0);
	assert_int_equal(image.load_count, ELF_LOADS_MAX);
	assert_int_equal(image.loads_lost, 8);
	forge_end(&forge);
}

/* Fails, and once `left` is used up in another way. */
static ssize_t failing_read(void *context, void *buffer, size_t size, uint64_t offset)
{
	int *left = context;

	(void)buffer, (void)size, (void)offset;
	return --*left < 0 ? -EIO : -EACCES;
}

static void errno_of_the_callback_is_returned(void **state)
{
	int left = 0;
	struct elf_source source = {failing_read, &left};
	struct elf_image image;
	char byte;

	(void)state;
	assert_int_equal(elf_read(&source, PAGE, &image), EIO);
	left = 1;
	assert_int_equal(elf_fetch(&source, &byte, 1, 0), EACCES);
	assert_int_equal(elf_fetch(&source, &byte, 1, INT64_MAX), ENOEXEC);
	assert_int_equal(elf_fetch(&source, &byte, 1, UINT64_MAX), ENOEXEC);
}

/* -- damage -------------------------------------------------------------------------------- */

/* Everything that can be asked of an image; the answers do not matter, only that they come. */
static void ask_everything(struct bytes *bytes)
{
	struct elf_source source = bytes_source(bytes);
	struct elf_image image;
	struct elf_section section;
	uint64_t bias;

	if (elf_read(&source, PAGE, &image))
		return;
	assert_in_range(image.load_count, 1, ELF_LOADS_MAX);
	assert_in_range(image.build_id_length, 0, ELF_BUILD_ID_MAX);
	for (unsigned i = 0; i < image.load_count; i++) {
		segment_bias(&image, 0x10000, image.loads[i].offset, PF_R | PF_X, &bias);
		segment_part(&image, image.loads[i].vaddr, image.loads[i].vaddr + PAGE);
	}
	elf_section_find(&source, &image, SHT_DYNSYM, &section);
	elf_section_find(&source, &image, 0x12345678, &section);
}

static void truncated_files_are_harmless(void **state)
{
	struct bytes bytes = bytes_load("/proc/self/exe");
	size_t whole = bytes.size;

	(void)state;
	for (bytes.size = 0; bytes.size < whole && bytes.size < 8 * PAGE; bytes.size += 64) {
		/* A copy of that very size, so that a sanitizer sees a byte too many. */
		struct bytes copy = {malloc(bytes.size + 1), bytes.size};

		memcpy(copy.data, bytes.data, copy.size);
		ask_everything(&copy);
		free(copy.data);
	}
	free(bytes.data);
}

static void flipped_bytes_are_harmless(void **state)
{
	struct bytes bytes = bytes_load("/proc/self/exe");
	struct forge forge;
	uint32_t random = 20240229;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t at[4];

		for (int i = 0; i < 4; i++) {
			at[i] = next_random(&random) % 1024;
			bytes.data[at[i]] ^= 1u << (random >> 20) % 8;
		}
		ask_everything(&bytes);
		forge_begin(&forge, round & 1, EM_X86_64);
		forge_loads(&forge);
		for (int i = 0; i < 8; i++)
			forge.bytes.data[next_random(&random) % 0x200] = (unsigned char)random;
		ask_everything(&forge.bytes);
		forge_end(&forge);
		/* Damage adds up for a while, then a fresh copy. */
		if (round % 8 == 7) {
			free(bytes.data);
			bytes = bytes_load("/proc/self/exe");
		}
	}
	free(bytes.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_equals_what_the_loader_sees),
		cmocka_unit_test(vdso_is_read_from_memory),
		cmocka_unit_test(bias_equals_the_loaders),
		cmocka_unit_test(part_of_each_kind_of_variable),
		cmocka_unit_test(parts_fit_permissions),
		cmocka_unit_test(sections_equal_readelf),
		cmocka_unit_test(both_classes_read_alike),
		cmocka_unit_test(sections_of_both_classes),
		cmocka_unit_test(packed_segments_are_told_apart_by_permissions),
		cmocka_unit_test(relro_smaller_than_a_page_is_told_from_data),
		cmocka_unit_test(mapping_is_of_the_segment_that_begins_with_it),
		cmocka_unit_test(page_half_relro_is_data),
		cmocka_unit_test(segment_without_bytes_is_bss),
		cmocka_unit_test(holes_are_of_no_segment),
		cmocka_unit_test(text_made_writable_is_still_text),
		cmocka_unit_test(pages_of_64_kib),
		cmocka_unit_test(build_id_stands_among_other_notes),
		cmocka_unit_test(build_id_too_long_is_none),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(unfit_headers_are_refused),
		cmocka_unit_test(section_headers_of_odd_size_are_none),
		cmocka_unit_test(unsound_loads_are_counted),
		cmocka_unit_test(loads_beyond_the_cap_are_counted),
		cmocka_unit_test(errno_of_the_callback_is_returned),
		cmocka_unit_test(truncated_files_are_harmless),
		cmocka_unit_test(flipped_bytes_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
