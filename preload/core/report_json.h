/* report_json.h - what the parts of the JSON report share. */
#ifndef VMATLAS_REPORT_JSON_H
#define VMATLAS_REPORT_JSON_H

#include "json.h"
#include "marks.h"
#include "report.h"

struct report_json {
	struct report report;
	struct json json;
	struct marks referred; /* call stacks that something refers to */
};

/* Words of scratch memory beside what every report needs. */
size_t report_json_words(const struct atlas *atlas);

/* Writes a reference to a call stack, which report_json_stacks then lists. 0 stands for one that is
 * not known, and is listed too, so every number in the report leads somewhere. */
void report_json_refer(struct report_json *self, const char *key, uint32_t frame);

/* What is 0 because it could not be known is null. */
void report_json_known(struct report_json *self, const char *key, uint64_t value, bool known);

/* The key "owner": the bytes that owner.h gave, or null. */
void report_json_owner(struct report_json *self, const char *owner, size_t length);

#endif
