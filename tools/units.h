/* units.h - the compilation units of a module and their functions, found by address. */
#ifndef VMATLAS_UNITS_H
#define VMATLAS_UNITS_H

#include <elfutils/libdwfl.h>

/* libdw 0.188 could be asked, but it needs .debug_aranges, which clang and rustc do not write,
 * finds no function inside a namespace, where clang puts them, and walks through a whole unit for
 * each question. Here a unit is walked through once. */
struct units;

/* NULL if memory is out. Reads nothing yet. To be freed before the module's Dwfl ends. */
struct units *units_new(Dwfl_Module *module);
void units_free(struct units *units);

struct unit {
	Dwarf_Die *die;      /* the unit, with its line table */
	Dwarf_Die *function; /* what contains the address; NULL if DWARF knows no function there */
	Dwarf_Addr address;  /* the address as DWARF counts it */
};

/* Finds unit and function at an address of the module, as Dwfl counts them. 0, ENOENT, or ENOMEM.
 * What is found stays valid until units_free. */
int units_find(struct units *units, Dwarf_Addr address, struct unit *unit);

#endif
