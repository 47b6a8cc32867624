/* addr_source.h - the process or file in which `vmatlas addr` looks addresses up. */
#ifndef VMATLAS_ADDR_SOURCE_H
#define VMATLAS_ADDR_SOURCE_H

#include "../preload/core/report.h"
#include "addr_symbol.h"
#include "framenames.h"
#include "listing.h"

struct addr_source {
	const char *target;
	struct listing *listing;
	struct addr_symbols *symbols;
	int pagemap; /* of a process that lives; -1: none */

	/* What the shim knew; all empty, and the view NULL, where there is none. */
	const struct view *view;
	struct atlas atlas;
	void *memory; /* the atlas's */
	struct framenames *framenames;
	struct names names;
	struct report_options options;
	struct report report; /* for what the core writes; its text is the writer's to set */
};

/* Opens a process or a file as listing_open does. A process with a shim is asked for a snapshot if
 * `ask`; one that has none, or does not answer, is looked at from outside, and a line on stderr
 * says so. Returns 0 or an exit status; to be closed in any case. */
int addr_source_open(struct addr_source *source, const char *target, bool ask);
void addr_source_close(struct addr_source *source);

#endif
