/* table.h - the writers of the table of live blocks.
 *
 * A block is put after the allocator gave it and taken before the allocator gets it back, so its
 * word is always written by the one thread that owns the address. Blocks in transit (between the
 * allocator and the table) are in neither a report nor a total. */
#ifndef VMATLAS_TABLE_H
#define VMATLAS_TABLE_H

#include "core/blocks.h"

/* What a thread keeps to itself of the table: records of large blocks ready for use again. */
struct table_stock {
	uint32_t first, count;
};

/* What is to be known about a block when it is born. */
struct table_birth {
	uint64_t address, size, time;
	uint32_t origin, moment, mapping, thread;
};

/* A block that was taken out and may have to go back. */
struct table_taken {
	uint64_t address, size;
	uint64_t word;  /* as it stood; 0: there was no such block */
	uint32_t big;   /* its record, still ours, or 0 */
};

/* Records a block. False when it could not be kept (counted). `replaced` is the block that stood at
 * this address although nobody freed it where we could see, as by table_take; its record, if any, is
 * already given back. Under the guard. */
bool table_put(struct table_stock *stock, const struct table_birth *birth,
	struct table_taken *replaced);

/* Takes the block at the address out; taken->word is 0 when there is none. Anywhere: also in a
 * handler that interrupted any of these functions. */
void table_take(uint64_t address, struct table_taken *taken);

/* Puts it back unchanged: the allocator did not take it after all. */
void table_put_back(const struct table_taken *taken);

/* It is gone for good: its record may serve again. `stock` may be NULL. */
void table_forget(struct table_stock *stock, const struct table_taken *taken);

/* Gives a dying thread's records to all. */
void table_leave(struct table_stock *stock);

/* What the readers read. Anywhere. */
const struct blocks *table_blocks(void);
const struct lane *table_bigs(void);

/* Blocks that could not be kept. Anywhere. */
uint64_t table_lost(void);

/* Start only: whether blocks of the allocator in use are at least 32 bytes apart, and the moments
 * that words refer to. */
void table_boot(bool apart, const struct lane *moments);

#endif
