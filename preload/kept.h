/* kept.h - the last so many reports of this process (VMATLAS_KEEP); older ones go. */
#ifndef VMATLAS_KEPT_H
#define VMATLAS_KEPT_H

#include "output.h"

/* The report has its name. Where one more than wanted is there now, the oldest is removed, if what
 * stands under its name is still the file that we wrote. All signals must be blocked. With 9 KiB of
 * stack. */
void kept_add(const struct output *output, const struct output_facts *facts);

#endif
