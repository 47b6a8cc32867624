#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* An independent reader: base64 by its definition, gzip by zlib. */
static size_t unbase(const char *text, size_t length, uint8_t *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned have = 0;
	size_t used = 0;

	for (size_t i = 0; i < length && text[i] != '='; i++) {
		const char *digit = memchr(digits, text[i], 64);

		assert_non_null(digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out[used++] = (uint8_t)(bits >> have);
	}
	return used;
}

static size_t unzip(uint8_t *bytes, size_t length, uint8_t *out, size_t room)
{
	z_stream zlib = {.next_in = bytes, .avail_in = (unsigned)length};

	assert_int_equal(inflateInit2(&zlib, 15 + 16), Z_OK);
	zlib.next_out = out;
	zlib.avail_out = (unsigned)room;
	assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
	inflateEnd(&zlib);
	return room - zlib.avail_out;
}

/* Packs the bytes in parts of so many, and reads them back. */
static void check_there_and_back(const uint8_t *bytes, size_t length, size_t part)
{
	struct packed *packed = malloc(sizeof(*packed));
	uint8_t *raw, *back = malloc(length + 1);
	char *text;
	size_t size, used;
	FILE *stream = open_memstream(&text, &size);

	assert_int_equal(packed_open(packed, stream), 0);
	for (size_t at = 0; at < length; at += part)
		assert_int_equal(
			packed_write(packed, bytes + at, length - at < part ? length - at : part),
			0);
	assert_int_equal(packed_close(packed), 0);
	fclose(stream);
	assert_int_equal(size % 4, 0);
	raw = malloc(size);
	used = unbase(text, size, raw);
	assert_int_equal(unzip(raw, used, back, length + 1), length);
	assert_memory_equal(back, bytes, length);
	free(packed);
	free(raw);
	free(back);
	free(text);
}

static void any_length_comes_back(void **state)
{
	uint8_t bytes[300];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i * 37 + i);
	for (size_t length = 0; length <= sizeof(bytes); length += length < 8 ? 1 : 73)
		check_there_and_back(bytes, length, 7);
}

/* More than the buffer, and nothing that could be compressed. */
static void much_comes_back(void **state)
{
	size_t length = 5 * PACKED_ROOM + 1;
	uint8_t *bytes = malloc(length);
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
	check_there_and_back(bytes, length, length);
	check_there_and_back(bytes, length, 1000);
	free(bytes);
}

static void errors_are_told(void **state)
{
	struct packed *packed = malloc(sizeof(*packed));
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(packed_open(packed, full), 0);
	assert_int_equal(packed_write(packed, "text", 4), 0);
	assert_int_equal(packed_close(packed), ENOSPC);
	fclose(full);
	free(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_comes_back),
		cmocka_unit_test(much_comes_back),
		cmocka_unit_test(errors_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
