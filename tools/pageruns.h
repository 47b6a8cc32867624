/* pageruns.h - the state of pages as a snapshot has it, found by address. */
#ifndef VMATLAS_PAGERUNS_H
#define VMATLAS_PAGERUNS_H

#include <stddef.h>

#include "../preload/core/view.h"
#include "vmatlas_snapshot.h"

/* Sorted and disjoint runs; the array is the caller's. */
struct pageruns {
	const struct vmatlas_run *runs;
	size_t count;
};

/* Puts the runs in order. Where two overlap (the mappings changed while they were looked at) the
 * one that begins first counts, and the other for what is left of it. */
void pageruns_make(struct pageruns *pageruns, struct vmatlas_run *runs, size_t count);

/* As a view_runs. */
size_t pageruns_next(const struct pageruns *pageruns, uint64_t *from, uint64_t end,
	struct view_run *runs, size_t capacity);

#endif
