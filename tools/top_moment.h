/* top_moment.h - one picture that `vmatlas top` has of a process: a snapshot, worked out. */
#ifndef VMATLAS_TOP_MOMENT_H
#define VMATLAS_TOP_MOMENT_H

#include <stdio.h>

#include "../preload/core/report.h"
#include "framenames.h"
#include "snapshot.h"

struct top_moment {
	struct snapshot *snapshot;
	struct view view;
	struct atlas atlas;
	struct names names;
	struct report_options options;
	struct report report; /* for owner.h and report_path */
	void *memory;         /* the atlas's */
};

/* What is wrong, for people. */
enum { TOP_REASON = 512 };

/* Reads a snapshot and works it out: what `vmatlas report` would show. The figures are there; names
 * come with top_moment_name. 0 or an errno with the reason; on 0 to be given to top_moment_close,
 * and not to be moved. */
int top_moment_open(struct top_moment *moment, FILE *file, char reason[TOP_REASON]);
void top_moment_close(struct top_moment *moment);

/* The names that the report asks for, for as long as the giver follows this moment. */
void top_moment_name(struct top_moment *moment, struct framenames *framenames);

/* Whether both are of one program: the same process that has executed no other meanwhile. */
bool top_moment_same(const struct top_moment *a, const struct top_moment *b);

#endif
