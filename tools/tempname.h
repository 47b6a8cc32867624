/* tempname.h - a name for what is there only for a while. */
#ifndef VMATLAS_TEMPNAME_H
#define VMATLAS_TEMPNAME_H

#include <stddef.h>

/* Writes "FOLDER/STEM.XXXXXX", for mkstemp(3) and mkdtemp(3), to path[size]; FOLDER is TMPDIR of
 * the environment, or /tmp. Returns 0, or ENAMETOOLONG and an empty path. */
int tempname(char *path, size_t size, const char *stem);

#endif
