/* utf8.h - what is one well-formed UTF-8 character, and what is not. */
#ifndef VMATLAS_UTF8_H
#define VMATLAS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes (1 to 4) the well-formed character at bytes takes, or 0 if bytes does not start
 * with one: a stray or missing continuation byte, an overlong form, a surrogate, more than
 * U+10FFFF (RFC 3629), or length 0. *code receives the code point and may be NULL; it is untouched
 * when 0 is returned. Never reads behind length. Anywhere, signal handlers included. */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code);

/* How many columns bytes takes on a terminal, counted as one per character and one per byte that
 * belongs to none. Wide and combining characters are not known here: that needs a locale.
 * Anywhere, signal handlers included. */
size_t utf8_width(const char *bytes, size_t length);

#endif
