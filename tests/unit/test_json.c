#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "json.h"

struct page {
	struct json json;
	struct text text;
	char buffer[2048];
};

static struct json *fresh(struct page *page)
{
	text_init(&page->text, page->buffer, sizeof(page->buffer) - 1, NULL, NULL);
	json_init(&page->json, &page->text);
	return &page->json;
}

static const char *written(struct page *page)
{
	assert_int_equal(page->text.error, 0);
	page->buffer[page->text.used] = 0;
	return page->buffer;
}

static void commas_stand_between_and_nowhere_else(void **state)
{
	struct page page;
	struct json *json = fresh(&page);

	(void)state;
	json_object_begin(json);
	json_put_number(json, "a", 1);
	json_put_array(json, "b");
	json_array_begin(json);
	json_array_end(json);
	json_number(json, 2);
	json_object_begin(json);
	json_object_end(json);
	json_array_end(json);
	json_put_object(json, "c");
	json_put_bool(json, "d", true);
	json_object_end(json);
	json_put_bool(json, "e", false);
	json_object_end(json);
	assert_string_equal(
		written(&page), "{\"a\":1,\"b\":[[],2,{}],\"c\":{\"d\":true},\"e\":false}");
}

static void each_kind_of_value_is_written_as_documented(void **state)
{
	struct page page;
	struct json *json = fresh(&page);

	(void)state;
	json_array_begin(json);
	json_number(json, UINT64_MAX);
	json_signed(json, INT64_MIN);
	json_address(json, 0x7f00);
	json_bool(json, true);
	json_nil(json);
	json_str(json, "x");
	json_str(json, NULL);
	json_bytes(json, "a\0b", 3);
	json_array_end(json);
	assert_string_equal(written(&page),
		"[18446744073709551615,-9223372036854775808,\"0x7f00\",true,"
		"null,\"x\",null,\"a\\u0000b\"]");
}

static void lines_break_behind_commas_and_before_the_closing_bracket(void **state)
{
	struct page page;
	struct json *json = fresh(&page);

	(void)state;
	json_object_begin(json);
	json_line(json);
	json_put_signed(json, "a", -1);
	json_line(json);
	json_put_string(json, "b", "x");
	json_line(json);
	json_object_end(json);
	assert_string_equal(written(&page), "{\n\"a\":-1,\n\"b\":\"x\"\n}");
}

static void another_parser_reads_the_same_values(void **state)
{
	struct page page;
	struct json *json = fresh(&page);
	json_error_t error;

	(void)state;
	json_object_begin(json);
	json_put_array(json, "mappings");
	for (uint64_t i = 0; i < 3; i++) {
		json_line(json);
		json_object_begin(json);
		json_put_address(json, "start", i << 12);
		json_put_bytes(json, "path", "/tmp/a\"\n\xc3\xa9", 10);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
	json_t *root = json_loads(written(&page), 0, &error);
	json_t *mappings = json_object_get(root, "mappings");
	assert_int_equal(json_array_size(mappings), 3);
	json_t *last = json_array_get(mappings, 2);
	assert_string_equal(json_string_value(json_object_get(last, "start")), "0x2000");
	assert_string_equal(json_string_value(json_object_get(last, "path")), "/tmp/a\"\n\xc3\xa9");
	json_decref(root);
}

static void nesting_goes_64_deep_and_says_when_it_does_not(void **state)
{
	struct page page;
	struct json *json = fresh(&page);

	(void)state;
	for (unsigned i = 0; i < JSON_DEPTH; i++) {
		if (i)
			json_number(json, i);
		json_array_begin(json);
	}
	assert_int_equal(page.text.error, 0);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_array_end(json);
	const char *begin = "[1,[2,[3,[4,[";
	assert_memory_equal(written(&page), begin, strlen(begin));
	json = fresh(&page);
	for (unsigned i = 0; i <= JSON_DEPTH; i++)
		json_array_begin(json);
	assert_int_equal(page.text.error, EOVERFLOW);
}

static void misuse_is_an_error_of_the_text(void **state)
{
	struct page page;
	struct json *json = fresh(&page);

	(void)state;
	json_array_end(json);
	assert_int_equal(page.text.error, EINVAL);
	json = fresh(&page);
	json_object_begin(json);
	json_key(json, "a");
	json_object_end(json);
	assert_int_equal(page.text.error, EINVAL);
	json = fresh(&page);
	json_object_begin(json);
	json_key(json, "a");
	json_key(json, "b");
	assert_int_equal(page.text.error, EINVAL);
	json = fresh(&page);
	json_key(json, "a");
	assert_int_equal(page.text.error, EINVAL);
}

static void first_error_of_the_text_is_kept(void **state)
{
	char buffer[2];
	struct text text;
	struct json json;

	(void)state;
	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	json_init(&json, &text);
	json_array_begin(&json);
	json_number(&json, 12345);
	assert_int_equal(text.error, ENOSPC);
	json_array_end(&json);
	json_array_end(&json);
	assert_int_equal(text.error, ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_and_nowhere_else),
		cmocka_unit_test(each_kind_of_value_is_written_as_documented),
		cmocka_unit_test(lines_break_behind_commas_and_before_the_closing_bracket),
		cmocka_unit_test(another_parser_reads_the_same_values),
		cmocka_unit_test(nesting_goes_64_deep_and_says_when_it_does_not),
		cmocka_unit_test(misuse_is_an_error_of_the_text),
		cmocka_unit_test(first_error_of_the_text_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
