#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "dice.h"
#include "intern.h"

enum { KEYS = 30000, THREADS = 4 };

struct record {
	uint64_t key[2];
	uint64_t rest;
};

static struct record record_of(uint64_t number)
{
	return (struct record){{number, number * 7 + 1}, ~number};
}

static void assert_holds(const struct intern *table, uint32_t id, uint64_t number)
{
	const struct record *record = lane_find(&table->lane, id);

	assert_non_null(record);
	assert_true(record->key[0] == number && record->key[1] == number * 7 + 1 &&
		    record->rest == ~number);
}

static struct intern shared = {
	.lane = {.record_size = sizeof(struct record)}, .key_words = 2, .limit = INTERN_MOST};
/* The number that each thread got for each key. */
static uint32_t number_of[THREADS][KEYS];
static _Atomic unsigned wrong;

static uint32_t find_or_add(struct intern *table, uint64_t number)
{
	struct record record = record_of(number);
	uint32_t id = intern_find(table, &record, 2);

	return id ? id : intern_add(table, &locks()->births, &record);
}

/* Every thread adds every key, each in an order of its own, and looks up others meanwhile. */
static void *add_all(void *argument)
{
	uint32_t thread = (uint32_t)(uintptr_t)argument;
	uint64_t step = thread % 2 ? 7919 : KEYS - 7919;

	for (uint64_t i = 0, key = thread; i < KEYS; i++, key = (key + step) % KEYS) {
		struct record earlier = record_of((key + KEYS - step) % KEYS);

		number_of[thread][key] = find_or_add(&shared, key);
		if (i && !intern_find(&shared, &earlier, 2))
			wrong++; /* it was there and is not any more */
	}
	return NULL;
}

static void threads_agree_on_one_number_for_each_key(void **state)
{
	pthread_t thread[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, add_all, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(lane_count(&shared.lane), KEYS);
	for (uint32_t key = 0; key < KEYS; key++) {
		assert_holds(&shared, number_of[0][key], key);
		for (int i = 1; i < THREADS; i++)
			assert_int_equal(number_of[i][key], number_of[0][key]);
	}
}

static void a_full_table_refuses_and_counts(void **state)
{
	struct intern table = {
		.lane = {.record_size = sizeof(struct record)}, .key_words = 2, .limit = 3000};

	(void)state;
	for (uint64_t number = 0; number < 3000; number++)
		assert_int_equal(find_or_add(&table, number), number + 1);
	assert_int_equal(find_or_add(&table, 3000), 0);
	assert_int_equal(find_or_add(&table, 3001), 0);
	assert_int_equal(table.lost, 2);
	assert_int_equal(find_or_add(&table, 77), 78);
}

static void only_the_key_is_compared(void **state)
{
	struct intern table = {
		.lane = {.record_size = sizeof(struct record)}, .key_words = 1, .limit = 100};
	struct record first = {{5, 1}, 2}, second = {{5, 3}, 4};

	(void)state;
	assert_int_equal(intern_find(&table, &first, 1), 0);
	assert_int_equal(intern_add(&table, &locks()->births, &first), 1);
	assert_int_equal(intern_add(&table, &locks()->births, &second), 1);
	assert_memory_equal(lane_get(&table.lane, 1), &first, sizeof first);
}

/* More than one index is outgrown meanwhile, which must not take empty records for keys. */
static void reserved_numbers_are_filled_later(void **state)
{
	struct intern table = {
		.lane = {.record_size = sizeof(struct record)}, .key_words = 2, .limit = 100000};
	uint32_t mine = intern_reserve(&table, 8), last;
	struct record record = record_of(1), again = {{0, 0}, 0};

	(void)state;
	assert_int_equal(mine, 1);
	assert_int_equal(intern_add(&table, &locks()->births, &record), 9);
	for (uint32_t i = 2; i < 3000; i++) {
		record = record_of(i);
		assert_int_equal(intern_add(&table, &locks()->births, &record), 8 + i);
	}
	last = intern_reserve(&table, 8);
	assert_true(last % 8 == 1 && last >= 3007);
	record = record_of(5000);
	assert_true(intern_fill(&table, mine + 7, &record));
	assert_int_equal(intern_find(&table, &record, 2), mine + 7);
	assert_int_equal(intern_find(&table, &again, 2), 0);
	record = record_of(2999);
	assert_int_equal(intern_find(&table, &record, 2), 3007);
	table.limit = last + 10;
	assert_int_equal(intern_reserve(&table, 8), 0);
	assert_false(intern_fill(&table, last + 100, &record));
	assert_int_equal(table.lost, 1);
}

static void a_lock_that_is_never_released_costs_a_count(void **state)
{
	struct record new = record_of(KEYS + 1), old = record_of(5);
	uint64_t before = shared.lost;

	(void)state;
	atomic_store(&locks()->births.taken, 1);
	assert_int_equal(intern_find(&shared, &old, 2), number_of[0][5]);
	assert_int_equal(intern_add(&shared, &locks()->births, &new), 0);
	atomic_store(&locks()->births.taken, 0);
	assert_int_equal(shared.lost, before + 1);
	assert_int_equal(intern_add(&shared, &locks()->births, &new), KEYS + 1);
}

/* Keys as they are in practice: small numbers, addresses that differ in a few bits. */
static void likely_keys_stay_near_their_place(void **state)
{
	enum { SLOTS = 65536 };
	static uint16_t crowd[SLOTS];
	unsigned most = 0;

	(void)state;
	for (uint64_t i = 0; i < SLOTS / 2; i++) {
		uint64_t key[2] = {0x7f0000000000 + i * 4096, 0x7f0000000000 + (i + 1) * 4096};
		unsigned at = (unsigned)intern_hash(key, 2) % SLOTS;

		if (++crowd[at] > most)
			most = crowd[at];
	}
	assert_in_range(most, 1, 10); /* 32,768 balls in 65,536 bins: 7 or 8 for a perfect hash */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_agree_on_one_number_for_each_key),
		cmocka_unit_test(a_full_table_refuses_and_counts),
		cmocka_unit_test(only_the_key_is_compared),
		cmocka_unit_test(reserved_numbers_are_filled_later),
		cmocka_unit_test(a_lock_that_is_never_released_costs_a_count),
		cmocka_unit_test(likely_keys_stay_near_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
