#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/pool.h"
#include "tools/words.h"

struct record {
	uint32_t a, b;
	uint64_t value;
};

enum { MANY = 100000 };

static uint32_t put(struct pool *pool, uint32_t a, uint32_t b, uint64_t value)
{
	const struct record record = {a, b, value};

	return pool_put(pool, &record);
}

static void equal_keys_are_one_record(void **state)
{
	struct pool pool = POOL(struct record, value);
	struct record *record;

	(void)state;
	assert_int_equal(put(&pool, 1, 2, 10), 1);
	assert_int_equal(put(&pool, 2, 1, 20), 2);
	assert_int_equal(put(&pool, 1, 2, 30), 1);
	record = pool_at(&pool, 1);
	assert_int_equal(record->value, 10);
	record->value++;
	assert_int_equal(put(&pool, 1, 2, 0), 1);
	assert_int_equal(((struct record *)pool_at(&pool, 1))->value, 11);
	assert_int_equal(pool.count, 2);
	pool_free(&pool);
	assert_int_equal(pool.count, 0);
	assert_int_equal(put(&pool, 5, 5, 5), 1);
	pool_free(&pool);
}

static void many_records_keep_their_numbers(void **state)
{
	struct pool pool = POOL(struct record, value);

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(put(&pool, i, i / 3, i), i + 1);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(put(&pool, i, i / 3, 0), i + 1);
		assert_int_equal(((struct record *)pool_at(&pool, i + 1))->value, i);
	}
	pool_free(&pool);
}

/* Keys that differ in few bits must not fall into few places: a million look-ups are quick. */
static void keys_spread(void **state)
{
	static uint32_t places[1024];
	uint32_t most = 0;

	(void)state;
	for (uint64_t i = 0; i < 1024 * 64; i++) {
		uint64_t key[2] = {i << 12, 0};
		uint32_t place = pool_hash(key, sizeof(key)) & 1023;

		if (++places[place] > most)
			most = places[place];
	}
	assert_true(most < 2 * 64);
}

static void a_word_is_its_bytes(void **state)
{
	struct words words = {.count = 0};
	size_t length;

	(void)state;
	assert_int_equal(words_put(&words, "a", 1), 1);
	assert_int_equal(words_put(&words, "", 0), 2);
	assert_int_equal(words_put(&words, "a\0b", 3), 3);
	assert_int_equal(words_put(&words, "a", 1), 1);
	assert_int_equal(words_put(&words, "a\0b", 3), 3);
	assert_int_equal(words_put(&words, NULL, 0), 2);
	assert_string_equal(words_at(&words, 2, &length), "");
	assert_int_equal(length, 0);
	assert_memory_equal(words_at(&words, 3, &length), "a\0b", 4);
	assert_int_equal(length, 3);
	words_free(&words);
}

static void many_words_keep_their_numbers(void **state)
{
	struct words words = {.count = 0};

	(void)state;
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < MANY; i++) {
			char text[16];
			size_t length;
			int used = snprintf(text, sizeof(text), "word %u", i);

			assert_int_equal(words_put(&words, text, (size_t)used), i + 1);
			assert_string_equal(words_at(&words, i + 1, &length), text);
		}
	assert_int_equal(words.count, MANY);
	words_free(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_keys_are_one_record),
		cmocka_unit_test(many_records_keep_their_numbers),
		cmocka_unit_test(keys_spread),
		cmocka_unit_test(a_word_is_its_bytes),
		cmocka_unit_test(many_words_keep_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
