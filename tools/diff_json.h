/* diff_json.h - what grew, for programs. */
#ifndef VMATLAS_DIFF_JSON_H
#define VMATLAS_DIFF_JSON_H

#include "../preload/core/json.h"
#include "../preload/core/report_json.h"
#include "diff_show.h"

/* Changes when a key goes or changes its meaning; not when one comes. */
enum { DIFF_JSON_VERSION = 1 };

/* Writes it all and flushes the text: 0, ENOMEM, or the text's errno. */
int diff_json(const struct diff_show *show);

/* -- What its parts share ------------------------------------------------------------------- */

struct diff_json {
	const struct diff_show *show;
	struct report_json writer; /* its report is that of the side whose names are wanted */
	bool *referred;            /* by call stack's id: something refers to it */
};

/* {"old":...,"new":...,"growth":...} under the key. */
void diff_json_pair(struct diff_json *self, const char *key, uint64_t old, uint64_t new);

/* A reference to a call stack, which "callstacks" then has. */
void diff_json_refer(struct diff_json *self, const char *key, uint32_t id);

/* 0 or ENOMEM. */
int diff_json_mappings(struct diff_json *self);
int diff_json_stacks(struct diff_json *self);

#endif
