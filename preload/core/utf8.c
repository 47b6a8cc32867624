#include "utf8.h"

#include <stdbool.h>

/* The length that the first byte announces, or 0 if no character starts with it. C0, C1 (always
 * overlong) and F5 to FF (above U+10FFFF) start none. */
static size_t announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* Does the code point need all of size bytes, and may it stand in UTF-8 at all? */
static bool proper(uint32_t code, size_t size)
{
	if (size == 3)
		return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
	if (size == 4)
		return code >= 0x10000 && code <= 0x10ffff;
	return true;
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *code)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	size_t size = length ? announced(byte[0]) : 0;

	if (size == 0 || size > length)
		return 0;
	uint32_t value = size == 1 ? byte[0] : byte[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte[i] & 0x3f);
	}
	if (!proper(value, size))
		return 0;
	if (code)
		*code = value;
	return size;
}

size_t utf8_width(const char *bytes, size_t length)
{
	size_t width = 0;

	for (size_t at = 0; at < length; width++) {
		size_t size = utf8_decode(bytes + at, length - at, NULL);
		at += size ? size : 1;
	}
	return width;
}
