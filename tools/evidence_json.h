/* evidence_json.h - what a report in JSON says. */
#ifndef VMATLAS_EVIDENCE_JSON_H
#define VMATLAS_EVIDENCE_JSON_H

#include "evidence.h"

/* Fills in zeros from the text of a report, which stays the caller's but is changed. What goes
 * wrong is said on stderr: 0 or an exit status. */
int evidence_json(const char *what, char *bytes, size_t length, struct evidence *evidence);

#endif
