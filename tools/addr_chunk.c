#include "addr_chunk.h"

/* MINSIZE, MALLOC_ALIGNMENT and SIZE_SZ of 64-bit glibc. */
enum { LEAST = 32, ALIGNMENT = 16, WORD = 8 };

uint64_t addr_chunk_usable(uint64_t asked)
{
	uint64_t chunk = (asked + WORD + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);

	return (chunk < LEAST ? LEAST : chunk) - WORD;
}

bool addr_chunk_slack(const struct block *block, uint64_t address)
{
	uint64_t distance = address - block->address;

	return address >= block->address && distance >= block->size &&
	       distance < addr_chunk_usable(block->size);
}

bool addr_chunk_header(const struct block *block, uint64_t address)
{
	return address < block->address && block->address - address <= ADDR_CHUNK_HEADER;
}
