/* describe.h - what one address is: the mapping, the block, the region and the module there. */
#ifndef VMATLAS_DESCRIBE_H
#define VMATLAS_DESCRIBE_H

#include "vmatlas.h"

/* Fills in *description, and zeros behind what is known here, up to its size, which the caller has
 * checked. 0, ENOENT when no mapping holds the address, ENOMEM, or why the kernel could not be
 * asked; *description is as it was then. Works in memory that it maps and unmaps; takes no lock.
 * Anywhere after the start. */
int describe(uintptr_t address, struct vmatlas_description *description);

#endif
