/* addr_chunk.h - what of glibc's own lies around a block.
 *
 * Each block is in a chunk that begins with two words, 16 bytes before it (struct malloc_chunk,
 * malloc/malloc.c). The first word is of use to the chunk before as long as that is in use. */
#ifndef VMATLAS_ADDR_CHUNK_H
#define VMATLAS_ADDR_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "../preload/core/blocks.h"

enum { ADDR_CHUNK_HEADER = 16 };

/* So many bytes from its start on are a block's at least when so many were asked for. */
uint64_t addr_chunk_usable(uint64_t asked);

/* Whether the address lies behind the bytes that were asked for, but surely in the chunk. */
bool addr_chunk_slack(const struct block *block, uint64_t address);

/* Whether it lies in the two words before the block. */
bool addr_chunk_header(const struct block *block, uint64_t address);

#endif
