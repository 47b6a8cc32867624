#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

/* 2^64 - 1 has 20 decimal digits; a sign and the terminating zero fit as well. */
enum { DIGITS = 24 };

static const char hex_digits[16] = "0123456789abcdef";

void text_init(struct text *text, char *buffer, size_t capacity, text_sink *sink, void *context)
{
	memset(text, 0, sizeof(*text));
	text->buffer = buffer;
	text->capacity = capacity;
	text->sink = sink;
	text->context = context;
}

int text_flush(struct text *text)
{
	if (text->error || !text->sink || text->used == 0)
		return text->error;
	text->error = text->sink(text->context, text->buffer, text->used);
	text->used = 0;
	return text->error;
}

/* How many bytes may be put now: empties a full buffer first. 0 only together with an error. */
static size_t room(struct text *text)
{
	if (text->used == text->capacity)
		text_flush(text);
	if (text->error == 0 && text->used == text->capacity)
		text->error = ENOSPC;
	return text->error ? 0 : text->capacity - text->used;
}

void text_bytes(struct text *text, const char *bytes, size_t length)
{
	while (length) {
		size_t part = room(text);
		if (part == 0)
			return;
		if (part > length)
			part = length;
		memcpy(text->buffer + text->used, bytes, part);
		text->used += part;
		text->written += part;
		bytes += part;
		length -= part;
	}
}

void text_str(struct text *text, const char *string)
{
	if (string)
		text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
	text_bytes(text, &c, 1);
}

void text_repeat(struct text *text, char c, size_t count)
{
	while (count && room(text)) {
		text_bytes(text, &c, 1);
		count--;
	}
}

/* Writes value's digits so that they end before end; returns where they start. */
static char *digits_before(char *end, uint64_t value, unsigned base)
{
	do {
		*--end = hex_digits[value % base];
		value /= base;
	} while (value);
	return end;
}

static void number(struct text *text, uint64_t value, unsigned base, unsigned least)
{
	char digits[DIGITS], *end = digits + sizeof(digits);
	char *start = digits_before(end, value, base);

	if ((size_t)(end - start) < least)
		text_repeat(text, '0', least - (size_t)(end - start));
	text_bytes(text, start, (size_t)(end - start));
}

void text_dec(struct text *text, uint64_t value)
{
	number(text, value, 10, 1);
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_dec(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_hex(struct text *text, uint64_t value)
{
	number(text, value, 16, 1);
}

void text_hex_wide(struct text *text, uint64_t value, unsigned digits)
{
	number(text, value, 16, digits);
}

void text_address(struct text *text, uint64_t value)
{
	text_bytes(text, "0x", 2);
	text_hex(text, value);
}

static size_t missing(const char *string, size_t width)
{
	size_t has = string ? utf8_width(string, strlen(string)) : 0;

	return has < width ? width - has : 0;
}

void text_left(struct text *text, const char *string, size_t width)
{
	text_str(text, string);
	text_repeat(text, ' ', missing(string, width));
}

void text_right(struct text *text, const char *string, size_t width)
{
	text_repeat(text, ' ', missing(string, width));
	text_str(text, string);
}

void text_dec_right(struct text *text, uint64_t value, size_t width)
{
	char digits[DIGITS], *end = digits + sizeof(digits) - 1;

	*end = 0;
	text_right(text, digits_before(end, value, 10), width);
}

static void escape_byte(struct text *text, const char *prefix, char byte)
{
	text_str(text, prefix);
	text_hex_wide(text, (unsigned char)byte, 2);
}

/* One character of a JSON string that is a single byte; size is 0 if it is no UTF-8 at all. */
static void json_byte(struct text *text, char byte, size_t size)
{
	if (size == 0)
		escape_byte(text, "\\udc", byte);
	else if ((unsigned char)byte < 0x20 || byte == 0x7f)
		escape_byte(text, "\\u00", byte);
	else if (byte == '"' || byte == '\\')
		text_bytes(text, byte == '"' ? "\\\"" : "\\\\", 2);
	else
		text_char(text, byte);
}

void text_json_string(struct text *text, const char *bytes, size_t length)
{
	text_char(text, '"');
	for (size_t at = 0; at < length;) {
		size_t size = utf8_decode(bytes + at, length - at, NULL);
		if (size > 1)
			text_bytes(text, bytes + at, size);
		else
			json_byte(text, bytes[at], size);
		at += size ? size : 1;
	}
	text_char(text, '"');
}

static bool steers_terminal(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
	       code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void text_printable(struct text *text, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t code = 0;
		size_t size = utf8_decode(bytes + at, length - at, &code);
		if (size && !steers_terminal(code)) {
			text_bytes(text, bytes + at, size);
			at += size;
			continue;
		}
		for (size_t end = at + (size ? size : 1); at < end; at++)
			escape_byte(text, "\\x", bytes[at]);
	}
}
