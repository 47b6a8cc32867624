/* relic_tables.h - the tables of a process that is no more, at their new addresses. */
#ifndef VMATLAS_RELIC_TABLES_H
#define VMATLAS_RELIC_TABLES_H

#include <stdbool.h>

#include "../preload/core/view.h"
#include "relic_memory.h"

struct relic_tables {
	struct lane lane[VMATLAS_STOREFILE_TABLES];
	struct blocks blocks; /* its branches are its own, its leaves the memory's */
	bool cut;             /* something of a table is not in the file */
};

/* Numbers and pointers that lead nowhere are left out. 0 or ENOMEM; to be freed in any case, and
 * before the memory that it points into. */
int relic_tables_make(struct relic_tables *tables, const struct relic_memory *memory);
void relic_tables_free(struct relic_tables *tables);

/* The view's tables, counters, and the clock of the last thing that happened. */
void relic_tables_view(
	const struct relic_tables *tables, const struct relic_memory *memory, struct view *view);

#endif
