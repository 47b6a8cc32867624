/* core_maps.h - the mappings that a core file tells of, as lines of /proc/PID/maps. */
#ifndef VMATLAS_CORE_MAPS_H
#define VMATLAS_CORE_MAPS_H

#include "core_file.h"
#include "relic_memory.h"

/* From malloc. Devices and inodes, which a core has not, are those of files that still begin as
 * they do in it; of others 00:00 and a number. The markers [heap], [stack], [vvar], [vdso] and
 * [vsyscall] are put by what is known of their addresses; whether memory was shared is not, and p
 * is written. 0 or an errno. */
int core_maps_make(const struct core_file *core, const struct relic_memory *memory, char **text,
	size_t *length);

#endif
