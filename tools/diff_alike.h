/* diff_alike.h - what is new for one purpose, or gone, taken together. */
#ifndef VMATLAS_DIFF_ALIKE_H
#define VMATLAS_DIFF_ALIKE_H

#include "diff_sets.h"

/* Unites the sets that are on one side only with those of the same side that have the same purpose,
 * as far as that is known: who mapped it, or which threads it is for. A hundred mappings by one
 * call are one piece of news. keyed and numbers are memory to work in, an element for each node. */
void diff_alike_unite(struct diff_sets *sets, struct diff_sets_keyed *keyed, uint32_t *numbers);

#endif
