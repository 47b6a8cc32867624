/* maps_bar.h - a size as a bar of some columns, and what of it is resident. */
#ifndef VMATLAS_MAPS_BAR_H
#define VMATLAS_MAPS_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "../preload/core/text.h"

/* Sizes of mappings go from 4 KiB to many GiB: the length of a bar goes with the logarithm, one
 * column for the smallest and `width` for the largest. What is filled goes with the share. */
struct maps_bar_scale {
	uint64_t smallest, largest; /* bytes; 0 < smallest <= largest */
	unsigned width;             /* columns, at least 1 */
	bool ascii;                 /* # + . instead of blocks */
};

struct maps_bar {
	unsigned cells;  /* all of it */
	unsigned filled; /* of these, resident; all where that is not known */
	unsigned live;   /* of these, live blocks; all where there are none */
};

/* Something is at least one column where there is any, and not all where it is not all, as far as
 * there are columns. `live` is at most `resident`, and that at most `size`. */
struct maps_bar maps_bar_make(
	const struct maps_bar_scale *scale, uint64_t size, uint64_t resident, uint64_t live);

/* Live, resident, the rest. */
void maps_bar_put(
	struct text *text, const struct maps_bar_scale *scale, const struct maps_bar *bar);

/* " bars: 4.0 KiB is one column, 1.3 MiB 18, by the logarithm; # resident, . not" and a newline:
 * what is resident, and what of it is live, where these are known. */
void maps_bar_legend(
	struct text *text, const struct maps_bar_scale *scale, bool resident, bool live);

#endif
