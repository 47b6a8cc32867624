#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "tools/addr_chunk.h"

enum { LARGEST = 100000 };

static const struct block block = {.address = 0x1000, .size = 20};

/* Of a fresh heap glibc gives what it must; a chunk used again may be one step larger. */
static void as_much_as_glibc_gives_at_least(void **state)
{
	(void)state;
	for (size_t size = 0; size < LARGEST; size += size < 300 ? 1 : 97) {
		void *made = malloc(size);
		uint64_t usable = addr_chunk_usable(size), given = malloc_usable_size(made);

		assert_true(usable >= size && usable <= given);
		assert_true(given - usable <= 16);
		assert_int_equal(usable % 16, 8);
		free(made);
	}
}

static void slack_is_behind_the_bytes_and_in_the_chunk(void **state)
{
	(void)state;
	assert_false(addr_chunk_slack(&block, 0xfff));
	assert_false(addr_chunk_slack(&block, 0x1000));
	assert_false(addr_chunk_slack(&block, 0x1013));
	assert_true(addr_chunk_slack(&block, 0x1014));
	assert_true(addr_chunk_slack(&block, 0x1017));
	assert_false(addr_chunk_slack(&block, 0x1018));
}

static void a_header_is_two_words_before_the_block(void **state)
{
	(void)state;
	assert_false(addr_chunk_header(&block, 0xfef));
	assert_true(addr_chunk_header(&block, 0xff0));
	assert_true(addr_chunk_header(&block, 0xfff));
	assert_false(addr_chunk_header(&block, 0x1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_much_as_glibc_gives_at_least),
		cmocka_unit_test(slack_is_behind_the_bytes_and_in_the_chunk),
		cmocka_unit_test(a_header_is_two_words_before_the_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
