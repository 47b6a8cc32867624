#include "symbolindex.h"

#include <stdlib.h>
#include <string.h>

/* How far to look back for a symbol that encloses others: none seen encloses more than a few. */
#define NESTED_MOST 16

struct symbolindex {
	size_t count;
	struct symbolindex_symbol symbols[];
};

static int rank_of(const GElf_Sym *symbol)
{
	int sized = symbol->st_size ? 4 : 0;

	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_LOCAL:
		return sized;
	case STB_WEAK:
		return sized + 1;
	}
	return sized + 2;
}

/* Variables of unknown size (`_edata`, `__bss_start`) mark places and are none. */
static bool may_be(const GElf_Sym *symbol, enum symbolindex_what what)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	if (what == SYMBOLINDEX_DATA)
		return (type == STT_OBJECT || type == STT_COMMON) && symbol->st_size;
	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

/* How far a symbol without a size can reach: `_end` and its like lie in no code and reach nowhere.
 */
static Dwarf_Addr reach_of(
	const GElf_Sym *symbol, Elf *elf, GElf_Word section, enum symbolindex_what what)
{
	GElf_Xword wanted = what == SYMBOLINDEX_DATA ? SHF_ALLOC : SHF_EXECINSTR;
	GElf_Shdr header;

	if (!gelf_getshdr(elf_getscn(elf, section), &header) || !(header.sh_flags & wanted))
		return 0;
	if (symbol->st_value - header.sh_addr >= header.sh_size)
		return 0;
	return header.sh_addr + header.sh_size - symbol->st_value;
}

static bool read_symbol(Dwfl_Module *module, int number, enum symbolindex_what what,
	struct symbolindex_symbol *found)
{
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word section;
	Elf *elf;
	const char *name =
		dwfl_module_getsym_info(module, number, &symbol, &address, &section, &elf, NULL);
	Dwarf_Addr reach;

	if (!name || !*name || !may_be(&symbol, what) || section == SHN_UNDEF || !elf)
		return false;
	reach = reach_of(&symbol, elf, section, what);
	if (!reach)
		return false;
	*found = (struct symbolindex_symbol){.start = address,
		.size = symbol.st_size ? symbol.st_size : reach,
		.name = name,
		.sized = symbol.st_size != 0,
		.rank = rank_of(&symbol)};
	return true;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of two names for one place the one that people use: the version that others are linked with, not
 * one that is kept for old programs (NAME@VERSION); without underscores; the shorter. */
static int compare_names(const char *a, const char *b)
{
	bool old_a = strchr(a, '@') && !strstr(a, "@@"), old_b = strchr(b, '@') && !strstr(b, "@@");

	if (old_a != old_b)
		return old_a ? -1 : 1;
	if (underscores(a) != underscores(b))
		return underscores(a) > underscores(b) ? -1 : 1;
	if (strlen(a) != strlen(b))
		return strlen(a) > strlen(b) ? -1 : 1;
	return strcmp(b, a);
}

static int compare(const void *one, const void *other)
{
	const struct symbolindex_symbol *a = one, *b = other;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->rank != b->rank ? a->rank - b->rank : compare_names(a->name, b->name);
}

struct symbolindex *symbolindex_read(Dwfl_Module *module, enum symbolindex_what what)
{
	int most = dwfl_module_getsymtab(module);
	struct symbolindex *index;

	if (most < 0)
		most = 0;
	index = malloc(sizeof(*index) + (size_t)most * sizeof(*index->symbols));
	if (!index)
		return NULL;
	index->count = 0;
	for (int i = 0; i < most; i++)
		index->count += read_symbol(module, i, what, &index->symbols[index->count]);
	qsort(index->symbols, index->count, sizeof(*index->symbols), compare);
	return index;
}

void symbolindex_free(struct symbolindex *index)
{
	free(index);
}

/* How many symbols start at the address or before it. */
static size_t count_before(const struct symbolindex *index, Dwarf_Addr address)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbolindex_symbol *symbolindex_find(
	const struct symbolindex *index, Dwarf_Addr address)
{
	size_t last = count_before(index, address);

	for (size_t i = last; i > 0 && last - i < NESTED_MOST; i--) {
		const struct symbolindex_symbol *symbol = &index->symbols[i - 1];

		if (address - symbol->start < symbol->size && (symbol->sized || i == last))
			return symbol;
	}
	return NULL;
}

const struct symbolindex_symbol *symbolindex_named(
	const struct symbolindex *index, const char *name)
{
	const struct symbolindex_symbol *best = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct symbolindex_symbol *symbol = &index->symbols[i];

		if (!strcmp(symbol->name, name) && (!best || symbol->rank > best->rank))
			best = symbol;
	}
	return best;
}
