/* diff_side.h - one of the moments that `vmatlas diff` compares. */
#ifndef VMATLAS_DIFF_SIDE_H
#define VMATLAS_DIFF_SIDE_H

#include "../preload/core/atlas.h"
#include "diff_item.h"
#include "listing.h"
#include "snapshot.h"

struct diff_side {
	const char *name; /* as it was given */
	struct diff_items items;

	/* Of a snapshot; NULL for a text. */
	struct snapshot *snapshot;
	struct view view;
	struct atlas atlas;
	void *memory; /* the atlas's */

	struct listing *listing; /* of a text, or of a process; NULL for a snapshot */
};

/* Reads a snapshot, a text as listing_open takes it, or a process (how->ask: asks its shim for a
 * snapshot); "-" is standard input. What goes wrong is said on stderr: returns 0 or an exit status.
 * The side is to be given to diff_side_close in any case, and must not be moved. */
int diff_side_open(struct diff_side *side, const char *target, const struct listing_how *how);
void diff_side_close(struct diff_side *side);

/* Is it known what is resident? Which pages are? */
bool diff_side_knows_rss(const struct diff_side *side);
bool diff_side_knows_pages(const struct diff_side *side);

/* Two snapshots of one process, which shares its tables among all its snapshots. */
bool diff_side_same_process(const struct diff_side *a, const struct diff_side *b);

/* Whether both list one address space, as far as mappings can tell: what has a name stands mostly
 * where it stood. With randomised addresses, two processes have hardly anything in common; a child
 * after fork has nearly all. */
bool diff_side_same_space(const struct diff_side *a, const struct diff_side *b);

/* The program's path, as far as it is known, else "": not terminated. */
const char *diff_side_program(const struct diff_side *side, size_t *length);

/* Seconds from one to the other, in ns, negative where b is older; false where it is not known. */
bool diff_side_apart(const struct diff_side *a, const struct diff_side *b, int64_t *ns);

#endif
