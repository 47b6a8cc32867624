/* dieranges.h - which DWARF entry (DIE) covers an address: a sorted table of their ranges. */
#ifndef VMATLAS_DIERANGES_H
#define VMATLAS_DIERANGES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct dierange {
	Dwarf_Addr start, end;
	Dwarf_Die die;
};

/* Empty when zeroed. Addresses are the file's own. */
struct dieranges {
	struct dierange *rows;
	size_t count, room;
};

/* Adds every range of the DIE; one without code adds none. 0 or ENOMEM. */
int dieranges_add(struct dieranges *ranges, Dwarf_Die *die);

/* Adds every function that the unit contains code of, however deep in namespaces, classes and other
 * functions. 0 or ENOMEM. */
int dieranges_add_functions(struct dieranges *ranges, Dwarf_Die *unit);

/* To be called after the last addition and before the first question. */
void dieranges_sort(struct dieranges *ranges);

/* The DIE that covers the address, or NULL. Valid as long as the table. Where ranges overlap, as
 * they should not, the one that starts last. */
Dwarf_Die *dieranges_find(const struct dieranges *ranges, Dwarf_Addr address);

void dieranges_free(struct dieranges *ranges);

#endif
