/* diff_match.h - which mappings of then are which mappings of now. */
#ifndef VMATLAS_DIFF_MATCH_H
#define VMATLAS_DIFF_MATCH_H

#include "diff_change.h"

struct diff_match_how {
	bool by_address; /* both are of one address space; else by what mappings are for */
	/* When each side was taken, ticks of the same clock; 0 unknown. A call's own time may be so
	 * much too early (clock_step in clock.h). */
	uint64_t taken[DIFF_SIDES], lag;
	unsigned unknown; /* bits by enum diff_figure: left out, as one side does not know them */
};

/* Puts each item of both sides into a change. By address, these belong together: mappings that
 * overlap and are of one kind (the same part of the same file, or both anonymous), unless a call
 * made one of them since; parts of one region; a file that is gone from one address and found at
 * another; where one mapping is gone and mremap has made one, these two; and of what is new, or
 * gone, what the same call stack has mapped, or threads of one name have as stacks. Else those that
 * have the same kind, path, call stack and label.
 * 0, or ENOMEM; changes->change is to be freed in any case. */
int diff_match(struct diff_changes *changes, struct diff_items items[DIFF_SIDES],
	const struct diff_match_how *how);

#endif
