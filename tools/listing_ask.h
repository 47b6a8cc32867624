/* listing_ask.h - the mappings of a process that has the shim, as the shim knows them. */
#ifndef VMATLAS_LISTING_ASK_H
#define VMATLAS_LISTING_ASK_H

#include <stddef.h>

/* Asks the shim in the process for a snapshot, as `vmatlas dump` does, which says on stderr what
 * goes wrong: returns 0 or its exit status. The bytes are from malloc. Where the process writes its
 * own reports nothing comes. */
int listing_ask(const char *pid, char **bytes, size_t *length);

#endif
