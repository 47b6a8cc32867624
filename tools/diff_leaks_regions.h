/* diff_leaks_regions.h - suspects by what they mapped and keep. */
#ifndef VMATLAS_DIFF_LEAKS_REGIONS_H
#define VMATLAS_DIFF_LEAKS_REGIONS_H

#include "diff_leaks.h"

/* Adds them, with those that have no evidence. 0 or ENOMEM. */
int diff_leaks_regions(struct diff_leaks *leaks, const struct diff_side *side);

#endif
