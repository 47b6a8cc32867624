/* snapshot.h - a view, frozen into the file of vmatlas_snapshot.h. */
#ifndef VMATLAS_CORE_SNAPSHOT_H
#define VMATLAS_CORE_SNAPSHOT_H

#include <stddef.h>

#include "text.h"
#include "view.h"

/* The least scratch memory. 64 KiB make fewer, longer reads. */
enum { SNAPSHOT_SCRATCH_LEAST = 8192 };

/* Writes the view to the text and flushes it. The tables may grow meanwhile: what was in them when
 * their turn came is written, and what refers to a table comes before it, so that every number
 * that was written finds its record. smaps is read once from its beginning, and the pages of
 * each mapping right behind its line.
 *
 * `scratch` is the caller's, aligned like malloc's memory, of at least SNAPSHOT_SCRATCH_LEAST
 * bytes. Returns 0 or the text's errno. What could not be read (smaps, a mapping's pages) leaves a
 * snapshot that is whole without it, marked as not complete: `*read_error`, which may be NULL, is
 * then its errno, else 0. Anywhere, signal handlers included, if the view's callbacks and the
 * text's sink may; with 1 KiB of stack beside theirs. */
int snapshot_write(
	const struct view *view, void *scratch, size_t size, struct text *text, int *read_error);

#endif
