#include "symtab.h"

#include <errno.h>
#include <string.h>

static size_t entry_size(const struct symtab *symtab)
{
	return symtab->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

/* A section that says it has content has some in the file, and its end does not wrap around. */
static bool is_sound(const struct elf_section *section)
{
	return section->type != SHT_NOBITS && section->offset + section->size >= section->offset;
}

static void entries_set(struct symtab *symtab, const struct elf_section *table)
{
	uint64_t count = table->size / entry_size(symtab);

	symtab->offset = table->offset;
	symtab->left = count < SYMTAB_ENTRIES_MAX ? count : SYMTAB_ENTRIES_MAX;
	symtab->skipped = count - symtab->left;
}

int symtab_open(struct symtab *symtab, const struct elf_source *source,
	const struct elf_image *image, uint32_t type, void *buffer, size_t buffer_size)
{
	struct elf_section table;
	int error = elf_section_find(source, image, type, &table);

	*symtab = (struct symtab){.source = source,
		.buffer = buffer,
		.buffer_size = buffer_size,
		.is64 = image->is64};
	if (error)
		return error;
	if (buffer_size < entry_size(symtab))
		return EINVAL;
	if (table.entry_size != entry_size(symtab) || !is_sound(&table))
		return ENOEXEC;
	error = elf_section_read(source, image, table.link, &symtab->strings);
	if (error || symtab->strings.type != SHT_STRTAB || !is_sound(&symtab->strings))
		return error && error != ENOENT ? error : ENOEXEC;
	entries_set(symtab, &table);
	return 0;
}

/* Fills the buffer with whole entries; false if not one more can be read. */
static bool refill(struct symtab *symtab)
{
	size_t size = entry_size(symtab);
	uint64_t want = symtab->buffer_size / size;
	ssize_t got;

	if (want > symtab->left)
		want = symtab->left;
	if (want == 0 || symtab->offset > INT64_MAX - want * size)
		return false;
	got = symtab->source->read(
		symtab->source->context, symtab->buffer, want * size, symtab->offset);
	symtab->at = 0;
	symtab->filled = got > 0 ? (size_t)got / size * size : 0;
	symtab->offset += symtab->filled;
	return symtab->filled > 0;
}

static struct symtab_entry entry32(const unsigned char *bytes)
{
	Elf32_Sym raw;

	memcpy(&raw, bytes, sizeof(raw));
	return (struct symtab_entry){raw.st_value, raw.st_size, raw.st_name, raw.st_shndx,
		ELF32_ST_TYPE(raw.st_info), ELF32_ST_BIND(raw.st_info)};
}

static struct symtab_entry entry64(const unsigned char *bytes)
{
	Elf64_Sym raw;

	memcpy(&raw, bytes, sizeof(raw));
	return (struct symtab_entry){raw.st_value, raw.st_size, raw.st_name, raw.st_shndx,
		ELF64_ST_TYPE(raw.st_info), ELF64_ST_BIND(raw.st_info)};
}

bool symtab_next(struct symtab *symtab, struct symtab_entry *entry)
{
	const unsigned char *bytes;

	if (symtab->at == symtab->filled && !refill(symtab))
		return false;
	bytes = symtab->buffer + symtab->at;
	*entry = symtab->is64 ? entry64(bytes) : entry32(bytes);
	symtab->at += entry_size(symtab);
	symtab->left--;
	return true;
}

/* How many bytes of a string can be read from `name` on into a buffer of `size`. */
static size_t string_read(const struct elf_source *source, const struct elf_section *strings,
	uint32_t name, char *buffer, size_t size)
{
	uint64_t left = name < strings->size ? strings->size - name : 0;
	ssize_t got;

	if (left > size)
		left = size;
	if (strings->offset > INT64_MAX - (uint64_t)name - left)
		return 0;
	got = source->read(source->context, buffer, left, strings->offset + name);
	return got > 0 ? (size_t)got : 0;
}

size_t symtab_name(const struct elf_source *source, const struct elf_section *strings,
	uint32_t name, char *buffer, size_t size, bool *truncated)
{
	size_t got = string_read(source, strings, name, buffer, size);
	size_t length = strnlen(buffer, got);
	const char *version = length > 0 ? memchr(buffer + 1, '@', length - 1) : NULL;

	*truncated = length == got && !version && got > 0;
	if (version)
		length = (size_t)(version - buffer);
	else if (length == size)
		length--;
	buffer[length] = '\0';
	return length;
}
