/* maps_gdb.h - rows as gdb's `info proc mappings` has them. */
#ifndef VMATLAS_MAPS_GDB_H
#define VMATLAS_MAPS_GDB_H

#include "maps_view.h"

/* The same table. Errors are those of the view's text. */
void maps_gdb(const struct maps_view *view);

#endif
