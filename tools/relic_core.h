/* relic_core.h - the tables of a process in its core file.
 *
 * The memory of the process is in the file, and the shim has in its variables where the tables are
 * (VMATLAS_STOREFILE_KNOWN). Beside them a core tells the mappings, and nothing of what was
 * resident nor of what the shim did not see. */
#ifndef VMATLAS_RELIC_CORE_H
#define VMATLAS_RELIC_CORE_H

#include "../preload/core/view.h"
#include "core_file.h"
#include "relic_memory.h"

/* Opens the memory, with its head, of a core that was read. Returns as snapshot_read does; the
 * memory is to be freed in any case. */
int relic_core_open(struct relic_memory *memory, FILE *file, const struct core_file *core,
	struct snapshot_fault *fault);

/* Puts the process's names into the view, which points into the core; and once the tables were
 * read, what of the memory is the shim's own: the mappings that they were found in. */
void relic_core_names(const struct core_file *core, struct view *view);
void relic_core_own(
	const struct core_file *core, const struct relic_memory *memory, struct view *view);

#endif
