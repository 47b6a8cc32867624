/* blocks_before.h - which block an address lies in. */
#ifndef VMATLAS_BLOCKS_BEFORE_H
#define VMATLAS_BLOCKS_BEFORE_H

#include "blocks.h"

/* The last block that starts at the address or before it, and not before `floor`; false when there
 * is none. Looks through pages of words that were ever written, of which one serves 16 KiB of
 * addresses, and takes a step of 4 MiB where there are none. Anywhere. */
bool blocks_before(const struct blocks *blocks, const struct blocks_tables *tables,
	uint64_t address, uint64_t floor, struct block *block);

/* The block that holds the address, which is one of its bytes, or the start of an empty one; false
 * for none. None is looked for before `floor`: the start of the address's mapping. Anywhere. */
bool blocks_holding(const struct blocks *blocks, const struct blocks_tables *tables,
	uint64_t address, uint64_t floor, struct block *block);

#endif
