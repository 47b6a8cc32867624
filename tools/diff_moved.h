/* diff_moved.h - mappings that are the same at another address. */
#ifndef VMATLAS_DIFF_MOVED_H
#define VMATLAS_DIFF_MOVED_H

#include "diff_sets.h"

/* Unites items that are alone with the one they have become, as far as there is no choice: keyed
 * and numbers are memory to work in, an element for each node. */
void diff_moved_unite(struct diff_sets *sets, struct diff_sets_keyed *keyed, uint32_t *numbers);

#endif
