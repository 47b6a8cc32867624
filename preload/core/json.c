#include "json.h"

#include <errno.h>
#include <string.h>

void json_init(struct json *json, struct text *text)
{
	memset(json, 0, sizeof(*json));
	json->text = text;
}

/* Keeps the text's first error. */
static void refuse(struct json *json, int error)
{
	if (json->text->error == 0)
		json->text->error = error;
}

static uint64_t depth_bit(const struct json *json)
{
	return 1ull << (json->depth - 1);
}

static void start_line(struct json *json)
{
	if (json->broken_line)
		text_char(json->text, '\n');
	json->broken_line = false;
}

/* What stands before an element: nothing behind its key, else a comma unless it is the first. */
static void begin_element(struct json *json)
{
	if (!json->keyed && json->depth) {
		if (json->filled & depth_bit(json))
			text_char(json->text, ',');
		json->filled |= depth_bit(json);
		start_line(json);
	}
	json->keyed = false;
}

static void open_with(struct json *json, char bracket)
{
	begin_element(json);
	text_char(json->text, bracket);
	if (json->depth == JSON_DEPTH) {
		refuse(json, EOVERFLOW);
		return;
	}
	json->depth++;
	json->filled &= ~depth_bit(json);
}

static void close_with(struct json *json, char bracket)
{
	if (json->depth == 0 || json->keyed) {
		refuse(json, EINVAL);
		return;
	}
	json->depth--;
	start_line(json);
	text_char(json->text, bracket);
}

void json_object_begin(struct json *json)
{
	open_with(json, '{');
}

void json_object_end(struct json *json)
{
	close_with(json, '}');
}

void json_array_begin(struct json *json)
{
	open_with(json, '[');
}

void json_array_end(struct json *json)
{
	close_with(json, ']');
}

void json_key(struct json *json, const char *key)
{
	if (json->keyed || json->depth == 0) {
		refuse(json, EINVAL);
		return;
	}
	begin_element(json);
	text_json_string(json->text, key, strlen(key));
	text_char(json->text, ':');
	json->keyed = true;
}

void json_line(struct json *json)
{
	json->broken_line = true;
}

void json_number(struct json *json, uint64_t value)
{
	begin_element(json);
	text_dec(json->text, value);
}

void json_signed(struct json *json, int64_t value)
{
	begin_element(json);
	text_signed(json->text, value);
}

void json_address(struct json *json, uint64_t address)
{
	begin_element(json);
	text_char(json->text, '"');
	text_address(json->text, address);
	text_char(json->text, '"');
}

void json_bool(struct json *json, bool value)
{
	begin_element(json);
	text_str(json->text, value ? "true" : "false");
}

void json_nil(struct json *json)
{
	begin_element(json);
	text_str(json->text, "null");
}

void json_bytes(struct json *json, const char *bytes, size_t length)
{
	begin_element(json);
	text_json_string(json->text, bytes, length);
}

void json_str(struct json *json, const char *string)
{
	if (string)
		json_bytes(json, string, strlen(string));
	else
		json_nil(json);
}

void json_put_number(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_number(json, value);
}

void json_put_figure(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	if (value == UINT64_MAX)
		json_nil(json);
	else
		json_number(json, value);
}

void json_put_signed(struct json *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_signed(json, value);
}

void json_put_address(struct json *json, const char *key, uint64_t address)
{
	json_key(json, key);
	json_address(json, address);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

void json_put_string(struct json *json, const char *key, const char *string)
{
	json_key(json, key);
	json_str(json, string);
}

void json_put_bytes(struct json *json, const char *key, const char *bytes, size_t length)
{
	json_key(json, key);
	json_bytes(json, bytes, length);
}

void json_put_object(struct json *json, const char *key)
{
	json_key(json, key);
	json_object_begin(json);
}

void json_put_array(struct json *json, const char *key)
{
	json_key(json, key);
	json_array_begin(json);
}
