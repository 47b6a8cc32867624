/* snapshot.h - a snapshot's file, read back into a view. */
#ifndef VMATLAS_SNAPSHOT_H
#define VMATLAS_SNAPSHOT_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "../preload/core/view.h"

struct snapshot;

/* A path may be part of it. */
enum { SNAPSHOT_REASON = PATH_MAX + 200 };

/* What is wrong with a file, and where. */
struct snapshot_fault {
	uint64_t offset; /* bytes from its beginning */
	char reason[SNAPSHOT_REASON];
};

/* Reads a whole snapshot from the file, up to its end; the file stays the caller's. Nothing in it
 * is believed: a snapshot of another user's process is another user's data. Numbers that lead
 * nowhere are set to 0. Needs about as much memory as the file is long, and beside that 8 KiB for
 * each 4 MiB of addresses with a block in it, 1 GiB at most.
 * Returns 0 and the snapshot, to be given to snapshot_free; ENOMEM; EILSEQ and fills *fault; or the
 * errno of reading. */
int snapshot_read(FILE *file, struct snapshot **snapshot, struct snapshot_fault *fault);

/* Says on stderr what snapshot_read has returned, which is not 0; returns the exit status. */
int snapshot_complain(const char *what, int error, const struct snapshot_fault *fault);

/* snapshot_read for a path; what went wrong is said on stderr: returns 0 or an exit status. */
int snapshot_open(const char *path, struct snapshot **snapshot);

/* NULL is allowed. */
void snapshot_free(struct snapshot *snapshot);

/* Good until snapshot_free. Its reads of smaps and pages have one position: not for two readers at
 * once. */
const struct view *snapshot_view(const struct snapshot *snapshot);

/* How many mappings smaps has. */
uint32_t snapshot_mappings(const struct snapshot *snapshot);

#endif
