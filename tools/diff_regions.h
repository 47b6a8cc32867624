/* diff_regions.h - which call stacks have mapped what. */
#ifndef VMATLAS_DIFF_REGIONS_H
#define VMATLAS_DIFF_REGIONS_H

#include "diff_books.h"

/* Walks the regions of both sides, as far as the kernel still has them mapped; and the stacks of
 * threads, which who made the thread has mapped. */
void diff_regions_enter(const struct diff_books *books);

#endif
