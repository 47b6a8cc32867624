/* bigs.h - the records of blocks that do not fit a word.
 *
 * A record is filled by the owner of its block alone. Each thread keeps a few free ones to itself,
 * so that a large block costs no lock most of the time. */
#ifndef VMATLAS_BIGS_H
#define VMATLAS_BIGS_H

#include "core/lane.h"
#include "vmatlas_store.h"

/* Free records of one thread, linked by `next`. All zeros: none. */
struct bigs_stock {
	uint32_t first, count;
};

/* The record with this number, NULL where there is none. Anywhere. */
struct vmatlas_big *bigs_find(uint32_t id);

/* The number of a record that is filled with *big, or 0 when there is no memory. Under the guard;
 * may take a lock. */
uint32_t bigs_make(struct bigs_stock *stock, const struct vmatlas_big *big);

/* The record is free again. `stock` may be NULL: it then goes to all. Anywhere with NULL, else
 * under the guard; may take a lock. */
void bigs_give(struct bigs_stock *stock, uint32_t id);

/* Gives the whole stock to all. Under the guard; takes a lock. */
void bigs_leave(struct bigs_stock *stock);

/* The table of struct vmatlas_big. Anywhere. */
const struct lane *bigs_records(void);

#endif
