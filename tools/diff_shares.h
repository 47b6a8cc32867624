/* diff_shares.h - which call stacks have a part in the growth of which mappings. */
#ifndef VMATLAS_DIFF_SHARES_H
#define VMATLAS_DIFF_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../preload/core/poisson.h"

/* Growths in bytes, of one call stack in the mappings of one change. */
struct diff_share {
	uint32_t change; /* index */
	uint32_t stack;  /* its id */
	int64_t live_bytes, live_resident;
	int64_t region_bytes, region_resident;
	/* Until diff_shares_sort: what its blocks stand for, which comes to the growths then. */
	struct poisson_sum live, resident;
	uint64_t live_error,
		resident_error; /* of live_bytes and live_resident: one standard error */
};

/* A hash table, and after diff_shares_sort a sorted array. */
struct diff_shares {
	struct diff_share *share;
	uint32_t *slot; /* index in share, from 1 */
	size_t count, room, slots;
	int error; /* 0 or ENOMEM: from then on nothing is added */
};

/* The share of a call stack in a change, made if it is not there; good until the next call. Never
 * NULL: out of memory, it is one that nobody will see. Begin with zeros. */
struct diff_share *diff_shares_at(struct diff_shares *shares, uint32_t change, uint32_t stack);

/* Puts those of one change side by side, the largest growth first, and leaves out those without
 * any. diff_shares_at must not be called any more. */
void diff_shares_sort(struct diff_shares *shares);

/* Adds to, or takes from, one of a share's figures, modulo 2^64: what a damaged snapshot says may
 * be any number. */
static inline void diff_share_add(int64_t *figure, uint64_t bytes, bool grown)
{
	*figure = (int64_t)(grown ? (uint64_t)*figure + bytes : (uint64_t)*figure - bytes);
}

/* Those of a change: how many, and the first in *first. */
size_t diff_shares_of(
	const struct diff_shares *shares, uint32_t change, const struct diff_share **first);

void diff_shares_free(struct diff_shares *shares);

/* What shares are sorted by: bytes in blocks and regions. */
int64_t diff_share_growth(const struct diff_share *share);

#endif
