/* symbolindex.h - the functions and the variables of a module's symbol tables, by address. */
#ifndef VMATLAS_SYMBOLINDEX_H
#define VMATLAS_SYMBOLINDEX_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

/* libdwfl looks through the whole table for each question: 46 ms each in a library of 30,000
 * symbols. This is sorted once. */
struct symbolindex;

enum symbolindex_what { SYMBOLINDEX_CODE, SYMBOLINDEX_DATA };

struct symbolindex_symbol {
	Dwarf_Addr start, size; /* without a size: up to the end of its section */
	const char *name;       /* the module's */
	bool sized;
	int rank; /* higher is preferred */
};

/* Reads the tables of the module's file and of its separate debug file: the functions, or the
 * variables but those of threads, which have no address of their own. NULL if memory is out. */
struct symbolindex *symbolindex_read(Dwfl_Module *module, enum symbolindex_what what);
void symbolindex_free(struct symbolindex *index);

/* The symbol that covers the address, as Dwfl counts it, or NULL. One without a size (assembly)
 * covers what follows it up to the next. Of several names for one place a global one is taken
 * before a weak one, and that before a local one. */
const struct symbolindex_symbol *symbolindex_find(
	const struct symbolindex *index, Dwarf_Addr address);

/* The best symbol of that name, or NULL. Looks at each. */
const struct symbolindex_symbol *symbolindex_named(
	const struct symbolindex *index, const char *name);

#endif
