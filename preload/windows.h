/* windows.h - words of the table of blocks that several blocks may share.
 *
 * Only another allocator than glibc's puts blocks less than 32 bytes apart. The first small block
 * of a window has its word; as soon as there are two, each has a record, and the word names the
 * first of a chain. Chains change under locks()->windows alone; a small block's owner may take its
 * word away at any time, so words change by comparison. */
#ifndef VMATLAS_WINDOWS_H
#define VMATLAS_WINDOWS_H

#include "table.h"

/* The contracts of table_put, table_take and table_put_back, for the block's word. False when it
 * could not be done. */
bool windows_put(
	struct bigs_stock *stock, _Atomic uint64_t *place, const struct table_birth *birth);
bool windows_take(_Atomic uint64_t *place, uint64_t address, struct table_taken *taken);
bool windows_put_back(_Atomic uint64_t *place, const struct table_taken *taken);

/* Whose words they are, and what these refer to. Start only. */
void windows_boot(struct blocks *blocks, const struct lane *moments);

#endif
