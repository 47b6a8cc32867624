/* relic.h - the store or the core file of a process that was killed, made into a snapshot.
 *
 * Every command that reads a snapshot reads these in this way; what is known of neither the
 * process's end nor its pages is marked so in the snapshot. */
#ifndef VMATLAS_RELIC_H
#define VMATLAS_RELIC_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot.h"

/* Whether a file that begins so is a store or a core. 18 bytes tell. */
bool relic_begins(const char *bytes, size_t length);

/* Reads it, from a file that can be read at any place, and makes the bytes of a snapshot, from
 * malloc. Nothing in it is believed. Returns as snapshot_read does. */
int relic_read(FILE *file, char **bytes, size_t *length, struct snapshot_fault *fault);

#endif
