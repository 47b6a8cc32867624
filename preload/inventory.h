/* inventory.h - what was mapped before the shim could see it. */
#ifndef VMATLAS_INVENTORY_H
#define VMATLAS_INVENTORY_H

/* Reads maps and records the anonymous mappings that nobody was seen to make: the loader's, for its
 * tables and the main thread's control block. Start only, under the guard. */
void inventory_take(void);

#endif
