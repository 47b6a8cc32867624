#include "symbolindex.h"

#include <stdbool.h>
#include <stdlib.h>

/* How far to look back for a symbol that encloses others: none seen encloses more than a few. */
#define NESTED_MOST 16

struct symbol {
	Dwarf_Addr start, size; /* without a size: up to the end of its section */
	const char *name;
	bool sized;
	int rank; /* higher is preferred */
};

struct symbolindex {
	size_t count;
	struct symbol symbols[];
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

static bool may_be_code(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

/* How far a symbol without a size can reach: `_end` and its like lie in no code and reach nowhere.
 */
static Dwarf_Addr reach_of(const GElf_Sym *symbol, Elf *elf, GElf_Word section)
{
	GElf_Shdr header;

	if (!gelf_getshdr(elf_getscn(elf, section), &header) || !(header.sh_flags & SHF_EXECINSTR))
		return 0;
	if (symbol->st_value - header.sh_addr >= header.sh_size)
		return 0;
	return header.sh_addr + header.sh_size - symbol->st_value;
}

static bool read_symbol(Dwfl_Module *module, int number, struct symbol *found)
{
	GElf_Sym symbol;
	GElf_Addr address;
	GElf_Word section;
	Elf *elf;
	const char *name =
		dwfl_module_getsym_info(module, number, &symbol, &address, &section, &elf, NULL);
	Dwarf_Addr reach;

	if (!name || !*name || !may_be_code(&symbol) || section == SHN_UNDEF || !elf)
		return false;
	reach = reach_of(&symbol, elf, section);
	if (!reach)
		return false;
	*found = (struct symbol){.start = address,
		.size = symbol.st_size ? symbol.st_size : reach,
		.name = name,
		.sized = symbol.st_size != 0,
		.rank = rank_of(&symbol)};
	return true;
}

static int compare(const void *one, const void *other)
{
	const struct symbol *a = one, *b = other;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->rank - b->rank;
}

struct symbolindex *symbolindex_read(Dwfl_Module *module)
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
		index->count += read_symbol(module, i, &index->symbols[index->count]);
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

const char *symbolindex_find(const struct symbolindex *index, Dwarf_Addr address)
{
	size_t last = count_before(index, address);

	for (size_t i = last; i > 0 && last - i < NESTED_MOST; i--) {
		const struct symbol *symbol = &index->symbols[i - 1];

		if (address - symbol->start < symbol->size && (symbol->sized || i == last))
			return symbol->name;
	}
	return NULL;
}
