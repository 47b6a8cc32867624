/* storetables.h - the static structs that the tables begin in: together, so that few pages are
 * touched at the start, and apart from all else, so that they can lie in a file (storefile.h). */
#ifndef VMATLAS_STORETABLES_H
#define VMATLAS_STORETABLES_H

#include "storepages.h"

/* Of such a variable. */
#define STORETABLES __attribute__((section("vmatlas_tables")))

/* The whole pages of them all. Anywhere. */
struct storefile_range storetables(void);

#endif
