/* diff_text.h - what grew, for people. */
#ifndef VMATLAS_DIFF_TEXT_H
#define VMATLAS_DIFF_TEXT_H

#include "diff_show.h"

/* Writes it all and flushes the text: 0, ENOMEM, or the text's errno. */
int diff_text(const struct diff_show *show);

/* -- Its parts; those that return something: 0 or ENOMEM ------------------------------------- */

/* The first lines: what is compared, the figures of the whole, notes; and of more than two moments
 * the figures of each. */
void diff_text_head(const struct diff_show *show);
void diff_text_series(const struct diff_show *show);

int diff_text_mappings(const struct diff_show *show);
int diff_text_stacks(const struct diff_show *show);
int diff_text_regions(const struct diff_show *show);
void diff_text_leaks(const struct diff_show *show);

#endif
