/* addr_symbol.h - what of an ELF file an address is: symbol, section, segment, place in the file.
 */
#ifndef VMATLAS_ADDR_SYMBOL_H
#define VMATLAS_ADDR_SYMBOL_H

#include "../preload/core/view.h"
#include "listing_modules.h"
#include "symbolizer.h"

/* The files that were asked about, which are read once. */
struct addr_symbols;

struct addr_symbol {
	const char *path; /* as the process has it; NULL: in no file that is known */
	size_t path_length;
	uint64_t bias, vaddr; /* the address as the file counts, and what is added to it */
	/* NULL: in no PT_LOAD, but on its last page; or the file is not the mapped one by now. */
	const struct listing_load *load;
	const struct listing_section *section;
	bool in_file; /* at file_offset; else it is of what starts as zero */
	uint64_t file_offset;
	bool named;
	struct symbolizer_symbol symbol;
	char *name; /* demangled, or as it is; NULL unknown */
	char *file; /* of a function: where its source is; NULL unknown */
	int line;
};

/* Modules are the listing's, whose files are here; and the view's (NULL: none), of whose files at
 * least the debug information may be here, by their build-ids. Both must outlive it. NULL if memory
 * is out. */
struct addr_symbols *addr_symbols_open(const struct listing *listing, const struct view *view);
void addr_symbols_close(struct addr_symbols *symbols);

/* What the module has at the address, which lies in the row; to be given to addr_symbol_free. */
struct addr_symbol addr_symbol_find(
	struct addr_symbols *symbols, const struct listing_row *row, uint64_t address);
void addr_symbol_free(struct addr_symbol *symbol);

/* The address of a symbol, in the first module that has it, the program first. 0, or ENOENT. */
int addr_symbol_named(struct addr_symbols *symbols, const char *name, uint64_t *address);

#endif
