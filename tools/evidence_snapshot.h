/* evidence_snapshot.h - what a snapshot says. */
#ifndef VMATLAS_EVIDENCE_SNAPSHOT_H
#define VMATLAS_EVIDENCE_SNAPSHOT_H

#include "evidence.h"

/* Fills in zeros from a snapshot's file in memory, which stays the caller's. What goes wrong is
 * said on stderr: 0 or an exit status. */
int evidence_snapshot(
	const char *what, const char *bytes, size_t length, struct evidence *evidence);

#endif
