#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/protobuf.h"

static void check(struct protobuf *message, const char *bytes, size_t length)
{
	assert_false(message->failed);
	assert_int_equal(message->used, length);
	assert_memory_equal(message->bytes, bytes, length);
	protobuf_free(message);
}
#define CHECK(message, bytes) check(message, bytes, sizeof(bytes) - 1)

/* The example of protobuf.dev's "Encoding": field 1 is 150. */
static void numbers_are_varints(void **state)
{
	struct protobuf message = {.bytes = NULL};

	(void)state;
	protobuf_number(&message, 1, 150);
	protobuf_number(&message, 2, 0);
	protobuf_number(&message, 16, 127);
	protobuf_number(&message, 1, UINT64_MAX);
	CHECK(&message, "\x08\x96\x01"
			"\x80\x01\x7f"
			"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

static void bytes_have_their_length(void **state)
{
	struct protobuf message = {.bytes = NULL};

	(void)state;
	protobuf_bytes(&message, 2, "testing", 7);
	protobuf_bytes(&message, 6, "", 0);
	CHECK(&message, "\x12\x07testing\x32\x00");
}

static void a_message_lies_in_a_message(void **state)
{
	struct protobuf message = {.bytes = NULL}, inner = {.bytes = NULL};

	(void)state;
	protobuf_number(&inner, 1, 150);
	protobuf_message(&message, 3, &inner);
	protobuf_clear(&inner);
	protobuf_message(&message, 3, &inner);
	protobuf_free(&inner);
	CHECK(&message, "\x1a\x03\x08\x96\x01\x1a\x00");
}

static void packed_numbers_keep_zeros(void **state)
{
	const uint64_t values[] = {3, 270, 0, 86942};
	struct protobuf message = {.bytes = NULL};

	(void)state;
	protobuf_packed(&message, 6, values, 4);
	CHECK(&message, "\x32\x07\x03\x8e\x02\x00\x9e\xa7\x05");
}

static void what_failed_inside_failed(void **state)
{
	struct protobuf message = {.bytes = NULL}, inner = {.failed = true};

	(void)state;
	protobuf_message(&message, 1, &inner);
	assert_true(message.failed);
	protobuf_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_varints),
		cmocka_unit_test(bytes_have_their_length),
		cmocka_unit_test(a_message_lies_in_a_message),
		cmocka_unit_test(packed_numbers_keep_zeros),
		cmocka_unit_test(what_failed_inside_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
