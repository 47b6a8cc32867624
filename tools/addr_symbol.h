/* addr_symbol.h - what of an ELF file an address is: symbol, section, segment, place in the file.
 */
#ifndef VMATLAS_ADDR_SYMBOL_H
#define VMATLAS_ADDR_SYMBOL_H

#include "listing_modules.h"
#include "symbolizer.h"

/* The files that were asked about, which are read once. */
struct addr_symbols;

struct addr_symbol {
	const struct listing_module *module; /* NULL: in no file that is known */
	const struct listing_load *load;     /* NULL: in no PT_LOAD, but on its last page */
	const struct listing_section *section;
	uint64_t vaddr; /* the address as the file counts */
	bool in_file;   /* at file_offset; else it is of what starts as zero */
	uint64_t file_offset;
	bool named;
	struct symbolizer_symbol symbol;
	char *name; /* demangled, or as it is; NULL unknown */
	char *file; /* of a function: where its source is; NULL unknown */
	int line;
};

/* NULL if memory is out. */
struct addr_symbols *addr_symbols_open(const struct listing *listing);
void addr_symbols_close(struct addr_symbols *symbols);

/* What the row's module has at the address; to be given to addr_symbol_free. */
struct addr_symbol addr_symbol_find(
	struct addr_symbols *symbols, const struct listing_row *row, uint64_t address);
void addr_symbol_free(struct addr_symbol *symbol);

/* The address of a symbol, in the first module that has it, the program first. 0, or ENOENT. */
int addr_symbol_named(struct addr_symbols *symbols, const char *name, uint64_t *address);

#endif
