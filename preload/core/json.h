/* json.h - JSON into a text: commas, nesting and escapes, so that the report need not think of
 * them. */
#ifndef VMATLAS_JSON_H
#define VMATLAS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* Deeper nesting than this is refused (EOVERFLOW in the text): one bit each. */
#define JSON_DEPTH 64

struct json {
	struct text *text;
	uint64_t filled;  /* bit d: the container at depth d holds an element, so a comma comes next
			   */
	unsigned depth;   /* containers open */
	bool keyed;       /* a key is written and waits for its value */
	bool broken_line; /* json_line was called: the next element starts a line */
};

/* Every function of this file may be called wherever the text may be written to. Errors are those
 * of the text: the first one silences all that follows. The caller opens and closes in order and
 * puts a key before each value in an object. Closing what is not open, or closing or naming again
 * where a key waits for its value, sets EINVAL in the text; other misuse (a key in an array) is not
 * noticed. */

/* Begins a JSON value; what text holds before and after it is the caller's. */
void json_init(struct json *json, struct text *text);

void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);

/* The key of the next value. */
void json_key(struct json *json, const char *key);

/* The next element (or what closes the container) starts on a line of its own: reports stay
 * readable by grep and diff. */
void json_line(struct json *json);

/* Values. Sizes and counts are numbers: readers that keep numbers as doubles lose digits above
 * 2^53, which is why addresses are strings, "0x7f00". */
void json_number(struct json *json, uint64_t value);
void json_signed(struct json *json, int64_t value);
void json_address(struct json *json, uint64_t address);
void json_bool(struct json *json, bool value);
void json_nil(struct json *json);

/* Strings as text_json_string writes them; NULL is null. Not json_string and json_null, which are
 * jansson's: the tools link both. */
void json_str(struct json *json, const char *string);
void json_bytes(struct json *json, const char *bytes, size_t length);

/* Key and value at once. */
void json_put_number(struct json *json, const char *key, uint64_t value);
/* UINT64_MAX, which is a figure that is not known, is null. */
void json_put_figure(struct json *json, const char *key, uint64_t value);
void json_put_signed(struct json *json, const char *key, int64_t value);
void json_put_address(struct json *json, const char *key, uint64_t address);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_string(struct json *json, const char *key, const char *string);
void json_put_bytes(struct json *json, const char *key, const char *bytes, size_t length);
void json_put_object(struct json *json, const char *key);
void json_put_array(struct json *json, const char *key);

#endif
