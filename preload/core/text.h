/* text.h - writes text where nothing may go wrong: no allocation, no stdio, no locale. */
#ifndef VMATLAS_TEXT_H
#define VMATLAS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "text_human.h"

/* Takes all length bytes and returns 0, or returns a positive errno and is not called again.
 * It is called in the caller's context, so it must allow what that context allows. */
typedef int text_sink(void *context, const char *bytes, size_t length);

/* A text on its way out. Read freely; change only through the functions below. */
struct text {
	char *buffer; /* the caller's, for as long as the text lives */
	size_t capacity, used;
	text_sink *sink; /* NULL: the text stays in the buffer and must fit */
	void *context;
	uint64_t written; /* bytes accepted so far, those still in the buffer included */
	int error;        /* the first errno, 0 while all is well; only text_init clears it */
};

/* Every function of this file may be called anywhere, signal handlers included, as long as the
 * sink may; each keeps under 100 bytes of stack. Once the sink has failed, or a text without a sink
 * has filled its buffer (ENOSPC; what fitted is kept), everything later is dropped and the error
 * stays. */

/* Starts an empty text. buffer stays the caller's; capacity 1 is enough, more means fewer calls of
 * sink. With sink NULL the result is buffer[0] to buffer[used - 1], without a terminating zero. */
void text_init(struct text *text, char *buffer, size_t capacity, text_sink *sink, void *context);

/* Hands what is buffered to the sink. Returns 0, or the errno that the text has met so far. */
int text_flush(struct text *text);

void text_bytes(struct text *text, const char *bytes, size_t length);

/* Writes up to the terminating zero; NULL writes nothing. */
void text_str(struct text *text, const char *string);

void text_char(struct text *text, char c);
void text_repeat(struct text *text, char c, size_t count);

void text_dec(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);

/* Lower-case digits, as few as needed: "0", "7f00". */
void text_hex(struct text *text, uint64_t value);

/* At least digits lower-case digits, filled up with zeros, as "%0*lx" would. */
void text_hex_wide(struct text *text, uint64_t value, unsigned digits);

/* text_hex behind "0x". */
void text_address(struct text *text, uint64_t value);

/* Pad with spaces up to width columns, behind the string or before it. A column is one UTF-8
 * character (utf8_width). A longer string is written whole: no figure is ever cut. NULL is "". */
void text_left(struct text *text, const char *string, size_t width);
void text_right(struct text *text, const char *string, size_t width);

/* Right-aligned decimal, for columns of counts. */
void text_dec_right(struct text *text, uint64_t value, size_t width);

/* The figures of text_human.h, written at once. */
void text_size(struct text *text, uint64_t bytes);
void text_percent(struct text *text, uint64_t part, uint64_t whole);
void text_duration(struct text *text, uint64_t duration_ns);

/* A JSON string with its quotes, always valid JSON in valid UTF-8, and without loss: a byte that is
 * not part of a UTF-8 character becomes the escape \udcXX, XX being the byte. That is Python's
 * "surrogateescape": os.fsencode(json.loads(s)) gives the bytes back. Control characters become
 * \u00XX. bytes may be NULL if length is 0. */
void text_json_string(struct text *text, const char *bytes, size_t length);

/* For terminals, where a name that another program chose must not move the cursor: control
 * characters (C0, DEL, C1), characters that turn the writing direction or break lines (U+061C,
 * U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069) and bytes outside UTF-8 are shown as \xNN,
 * byte by byte. A backslash stays as it is. */
void text_printable(struct text *text, const char *bytes, size_t length);

#endif
