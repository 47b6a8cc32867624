/* dumpfile.h - the report that another process has just written. */
#ifndef VMATLAS_DUMPFILE_H
#define VMATLAS_DUMPFILE_H

#include "target.h"
#include "vmatlas_state.h"

/* Prints where it is, as this command would find it: a path, or whose descriptor. With an output,
 * copies it there instead and prints that. What went wrong, here or there, is said on stderr.
 * Returns 0 or an exit status. */
int dumpfile_tell(
	const struct target *target, const struct vmatlas_state *state, const char *output);

/* The same where the report is a file of the asker's (VMATLAS_REQUEST_PRIVATE), which is moved to
 * the output. */
int dumpfile_take(
	const struct target *target, const struct vmatlas_state *state, const char *output);

#endif
