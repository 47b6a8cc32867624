/* figure.h - the figures of a process that have a name, and so can be asked about. */
#ifndef VMATLAS_FIGURE_H
#define VMATLAS_FIGURE_H

#include <stdbool.h>

#include "../preload/core/atlas.h"
#include "../preload/core/kind.h"

/* The figures, by number: these, then the rows of the ledger, then what each kind of mapping takes
 * of address space, then what is resident of it. */
enum figure {
	FIGURE_SIZE, /* of all mappings */
	FIGURE_RSS,
	FIGURE_PSS,
	FIGURE_SWAP,
	FIGURE_LIVE_BYTES,
	FIGURE_PEAK_LIVE_BYTES,
	FIGURE_PINNED,
	FIGURE_TRIMMABLE,
	FIGURE_LIVE_BLOCKS, /* from here to the rows: numbers, not bytes */
	FIGURE_MAPPINGS,
	FIGURE_THREADS, /* that have not ended */
	FIGURE_LOST,    /* what was not seen */
	FIGURE_ROW,
	FIGURE_KIND = FIGURE_ROW + ATLAS_ROWS,
	FIGURE_KIND_RSS = FIGURE_KIND + KIND_COUNT,
	FIGURE_COUNT = FIGURE_KIND_RSS + KIND_COUNT,
};

/* The figure called "rss", "live_bytes", "retained" (a row of the ledger), "heap" or "heap.size"
 * (address space of a kind), "heap.rss"; where a row and a kind have one name, the bare name is the
 * row. FIGURE_COUNT where there is none. */
unsigned figure_find(const char *name);

/* The name that figure_find takes, into `out`. */
enum { FIGURE_NAME = 32 };
const char *figure_name(unsigned figure, char out[FIGURE_NAME]);

/* Is it bytes, or a number? Is it a part of RSS? */
bool figure_in_bytes(unsigned figure);
bool figure_in_rss(unsigned figure);

/* What a file must say for the figure to be known: "what is resident", "live blocks", ... */
const char *figure_needs(unsigned figure);

#endif
