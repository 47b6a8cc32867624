/* relic_maps.h - which mappings a process had when it was killed, as far as can be told.
 *
 * Its last list of them is some time older. Live blocks know the bounds of the mapping that they
 * were born in: what of these the list has not is there as well. */
#ifndef VMATLAS_RELIC_MAPS_H
#define VMATLAS_RELIC_MAPS_H

#include <stddef.h>

#include "../preload/core/view.h"

/* The lines of a maps file, from malloc. `list` has the old list (its smaps_read), `tables` the
 * blocks. *added gets how many bytes of addresses blocks alone tell of. 0 or an errno. */
int relic_maps_make(const struct view *list, const struct view *tables, char **text, size_t *length,
	uint64_t *added);

#endif
