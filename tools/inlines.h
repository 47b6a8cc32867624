/* inlines.h - the functions of the source at one address, as DWARF tells them. */
#ifndef VMATLAS_INLINES_H
#define VMATLAS_INLINES_H

#include "symbolizer.h"
#include "units.h"

/* Calls found for each function at the unit's address, the innermost inlined one first, and last
 * the one that has been compiled: its name is `symbol` where that is mangled, since DWARF leaves
 * out the namespace of a static function. Returns how many there were: none if the unit has no
 * function there. */
int inlines_walk(
	const struct unit *unit, const char *symbol, symbolizer_found *found, void *context);

#endif
