/* inventory.h - what was mapped before the shim could see it. */
#ifndef VMATLAS_INVENTORY_H
#define VMATLAS_INVENTORY_H

#include "stacks.h"

/* Reads maps and records the anonymous mappings that nobody was seen to make: the loader's, for its
 * tables and the main thread's control block. Gives the bounds of
 * the mapping that `address` lies in, zero when maps cannot be read. Start only, under the guard.
 */
struct stacks_bounds inventory_take(uintptr_t address);

#endif
