/* symbolindex.h - the functions of a module's symbol tables, by address. */
#ifndef VMATLAS_SYMBOLINDEX_H
#define VMATLAS_SYMBOLINDEX_H

#include <elfutils/libdwfl.h>

/* libdwfl looks through the whole table for each question: 46 ms each in a library of 30,000
 * symbols. This is sorted once. */
struct symbolindex;

/* Reads the tables of the module's file and of its separate debug file. NULL if memory is out. The
 * names belong to the module. */
struct symbolindex *symbolindex_read(Dwfl_Module *module);
void symbolindex_free(struct symbolindex *index);

/* The name of the symbol that covers the address, as Dwfl counts it, or NULL. One without a size
 * (assembly) covers what follows it up to the next. Of several names for one place a global one is
 * taken before a weak one, and that before a local one. */
const char *symbolindex_find(const struct symbolindex *index, Dwarf_Addr address);

#endif
