/* preflight.h - what would keep the shim out of a program, found before it starts. */
#ifndef VMATLAS_PREFLIGHT_H
#define VMATLAS_PREFLIGHT_H

#include "image.h"

#include <limits.h>

/* What the verdict is; the values are exit statuses, the last two those of env(1). */
enum preflight_verdict {
	PREFLIGHT_FINE = 0,
	PREFLIGHT_UNSEEN = 1,         /* it would run, but without the shim */
	PREFLIGHT_NOT_RUNNABLE = 126, /* found, but it cannot be executed */
	PREFLIGHT_NOT_FOUND = 127,
};

struct preflight {
	char path[PATH_MAX];       /* the file that execvp(3) would take; "" if none */
	char reason[2 * PATH_MAX]; /* one line for people, without the program's name */
};

/* Judges whether a shim that is built for the same machine as `shim` will be loaded by a program,
 * which is looked up in PATH as execvp(3) does. Follows scripts to what interprets them, through
 * `env` too. A file that may be executed but not read is given the benefit of the doubt.
 * Executes nothing. The path is filled in whenever one was found, the reason unless it is fine. */
enum preflight_verdict preflight_check(
	const char *program, const struct image *shim, struct preflight *preflight);

#endif
