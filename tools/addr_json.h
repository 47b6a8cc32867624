/* addr_json.h - the answers about addresses, for programs. */
#ifndef VMATLAS_ADDR_JSON_H
#define VMATLAS_ADDR_JSON_H

#include "../preload/core/json.h"
#include "addr_answer.h"

/* What comes before the answers, each of them, and what comes behind. What is not known is null. */
void addr_json_begin(struct json *json, const struct addr_source *source);
void addr_json(
	struct json *json, const struct addr_source *source, const struct addr_answer *answer);
void addr_json_end(struct json *json);

#endif
