#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

/* A text in memory, and its result as a string. */
struct page {
	struct text text;
	char buffer[1024];
};

static struct text *fresh(struct page *page)
{
	text_init(&page->text, page->buffer, sizeof(page->buffer), NULL, NULL);
	return &page->text;
}

static const char *written(struct page *page)
{
	assert_int_equal(page->text.error, 0);
	assert_int_equal(page->text.written, page->text.used);
	page->buffer[page->text.used] = 0;
	return page->buffer;
}

/* A sink that collects, and fails with error when call number fail_at comes. */
struct collector {
	char bytes[4096];
	size_t length;
	unsigned calls, fail_at;
	int error;
};

static int collect(void *context, const char *bytes, size_t length)
{
	struct collector *collector = context;

	if (++collector->calls == collector->fail_at)
		return collector->error;
	assert_true(collector->length + length < sizeof(collector->bytes));
	memcpy(collector->bytes + collector->length, bytes, length);
	collector->length += length;
	return 0;
}

static const uint64_t numbers[] = {0, 1, 9, 10, 15, 16, 99, 100, 255, 4096, 65535, 1000000007,
	UINT32_MAX, 1ull << 32, 1ull << 53, 1ull << 63, UINT64_MAX - 1, UINT64_MAX};

static void numbers_read_as_printf_writes_them(void **state)
{
	struct page page;
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t n = numbers[i];
		struct text *text = fresh(&page);
		text_dec(text, n);
		text_char(text, ' ');
		text_signed(text, (int64_t)n);
		text_char(text, ' ');
		text_hex(text, n);
		text_char(text, ' ');
		text_address(text, n);
		text_char(text, ' ');
		text_hex_wide(text, n, 8);
		text_char(text, ' ');
		text_dec_right(text, n, 12);
		snprintf(expected, sizeof(expected),
			"%" PRIu64 " %" PRId64 " %" PRIx64 " 0x%" PRIx64 " %08" PRIx64
			" %12" PRIu64,
			n, (int64_t)n, n, n, n, n);
		assert_string_equal(written(&page), expected);
	}
}

static void strings_and_bytes_come_out_as_they_are(void **state)
{
	struct page page;
	struct text *text = fresh(&page);

	(void)state;
	text_str(text, "ab");
	text_str(text, NULL);
	text_str(text, "");
	text_bytes(text, "c\0d", 3);
	text_bytes(text, NULL, 0);
	text_char(text, 0);
	text_repeat(text, '-', 3);
	text_repeat(text, '-', 0);
	assert_int_equal(text->used, 9);
	assert_memory_equal(page.buffer, "abc\0d\0---", 9);
}

static void pieces_reach_the_sink_whole_and_in_order_whatever_the_buffer(void **state)
{
	static const char expected[] =
		"mapping 7f00 of 12345 bytes, -1, ------------------------ end";

	(void)state;
	for (size_t capacity = 1; capacity < 80; capacity++) {
		struct collector collector = {.length = 0};
		char *buffer =
			malloc(capacity); /* exactly as large: a checker sees one byte too far */
		struct text text;
		text_init(&text, buffer, capacity, collect, &collector);
		text_str(&text, "mapping ");
		text_hex(&text, 0x7f00);
		text_str(&text, " of ");
		text_dec(&text, 12345);
		text_str(&text, " bytes, ");
		text_signed(&text, -1);
		text_str(&text, ", ");
		text_repeat(&text, '-', 24);
		text_str(&text, " end");
		assert_int_equal(text.written, sizeof(expected) - 1);
		assert_int_equal(text_flush(&text), 0);
		assert_int_equal(text_flush(&text), 0);
		assert_int_equal(collector.length, sizeof(expected) - 1);
		assert_memory_equal(collector.bytes, expected, sizeof(expected) - 1);
		free(buffer);
	}
}

static void first_error_stays_and_silences_the_rest(void **state)
{
	struct collector collector = {.fail_at = 2, .error = EPIPE};
	char buffer[4];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof(buffer), collect, &collector);
	text_str(&text, "0123456789");
	assert_int_equal(text.error, EPIPE);
	uint64_t accepted = text.written;
	text_repeat(&text, 'x', SIZE_MAX); /* must end at once */
	text_dec(&text, 5);
	assert_int_equal(text_flush(&text), EPIPE);
	assert_int_equal(text.written, accepted);
	assert_int_equal(collector.calls, 2);
	assert_int_equal(collector.length, 4);
	assert_memory_equal(collector.bytes, "0123", 4);
}

static void text_without_sink_keeps_what_fits_and_says_enospc(void **state)
{
	char buffer[8];
	struct text text;

	(void)state;
	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	text_str(&text, "12345678");
	assert_int_equal(text_flush(&text), 0);
	text_char(&text, '9');
	assert_int_equal(text_flush(&text), ENOSPC);
	assert_int_equal(text.used, 8);
	assert_memory_equal(buffer, "12345678", 8);
}

static void columns_pad_by_characters_and_cut_nothing(void **state)
{
	struct page page;
	struct text *text = fresh(&page);

	(void)state;
	text_left(text, "ab", 4);
	text_char(text, '|');
	text_right(text, "ab", 4);
	text_char(text, '|');
	text_right(text, "\xc3\xa9\xc3\xa9", 3);
	text_char(text, '|');
	text_left(text, "abcdef", 3);
	text_char(text, '|');
	text_left(text, NULL, 2);
	text_right(text, NULL, 1);
	text_char(text, '|');
	assert_string_equal(written(&page), "ab  |  ab| \xc3\xa9\xc3\xa9|abcdef|   |");
}

static void json_strings_escape_what_json_demands(void **state)
{
	struct page page;

	(void)state;
	text_json_string(fresh(&page), "a\"b\\c/\n\t\x01\x7f", 10);
	assert_string_equal(written(&page), "\"a\\\"b\\\\c/\\u000a\\u0009\\u0001\\u007f\"");
	text_json_string(fresh(&page), NULL, 0);
	assert_string_equal(written(&page), "\"\"");
	text_json_string(fresh(&page), "\0", 1);
	assert_string_equal(written(&page), "\"\\u0000\"");
	text_json_string(fresh(&page), "\xe2\x82\xac \xf0\x9f\x98\x80", 8);
	assert_string_equal(written(&page), "\"\xe2\x82\xac \xf0\x9f\x98\x80\"");
}

static void json_keeps_bytes_outside_utf8_as_surrogate_escapes(void **state)
{
	struct page page;

	(void)state;
	text_json_string(fresh(&page), "a\xff\xc3", 3);
	assert_string_equal(written(&page), "\"a\\udcff\\udcc3\"");
	/* An encoded surrogate must not slip through: ED A0 80. */
	text_json_string(fresh(&page), "\xed\xa0\x80", 3);
	assert_string_equal(written(&page), "\"\\udced\\udca0\\udc80\"");
}

static void printable_lets_nothing_steer_the_terminal(void **state)
{
	struct page page;

	(void)state;
	text_printable(fresh(&page), "a\x1b[31mb\r\n\x7f", 10);
	assert_string_equal(written(&page), "a\\x1b[31mb\\x0d\\x0a\\x7f");
	text_printable(fresh(&page),
		"\xc2\x9b"
		"31m\x9b\xff",
		7);
	assert_string_equal(written(&page), "\\xc2\\x9b31m\\x9b\\xff");
	text_printable(fresh(&page), "x\xe2\x80\xaey\xe2\x81\xa6", 8);
	assert_string_equal(written(&page), "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6");
	text_printable(fresh(&page), "caf\xc3\xa9 \\ \xe2\x82\xac", 11);
	assert_string_equal(written(&page), "caf\xc3\xa9 \\ \xe2\x82\xac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_read_as_printf_writes_them),
		cmocka_unit_test(strings_and_bytes_come_out_as_they_are),
		cmocka_unit_test(pieces_reach_the_sink_whole_and_in_order_whatever_the_buffer),
		cmocka_unit_test(first_error_stays_and_silences_the_rest),
		cmocka_unit_test(text_without_sink_keeps_what_fits_and_says_enospc),
		cmocka_unit_test(columns_pad_by_characters_and_cut_nothing),
		cmocka_unit_test(json_strings_escape_what_json_demands),
		cmocka_unit_test(json_keeps_bytes_outside_utf8_as_surrogate_escapes),
		cmocka_unit_test(printable_lets_nothing_steer_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
