/* debugfile.h - opening the file that a module was loaded from, and no other. */
#ifndef VMATLAS_DEBUGFILE_H
#define VMATLAS_DEBUGFILE_H

#include "symbolizer.h"

/* Opens the file at path if it has that build-id (size 0: whatever it has), else the separate debug
 * file with that build-id below one of the directories of debug_path (a list with colons). Leaves
 * the descriptor, which is the caller's to close, and the name it was opened by (PATH_MAX bytes).
 * The state is SYMBOLIZER_READY or SYMBOLIZER_UNVERIFIED then; otherwise nothing is open. */
enum symbolizer_state debugfile_open(const char *path, const uint8_t *build_id, size_t size,
	const char *debug_path, int *descriptor, char *name);

#endif
