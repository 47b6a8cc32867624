#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/names.h"
#include "core/utf8.h"

static size_t far_too_many(void *context, uint32_t frame, struct name *levels, size_t capacity)
{
	(void)context;
	(void)frame;
	assert_int_equal(capacity, NAMES_LEVELS);
	for (size_t i = 0; i < capacity; i++)
		levels[i] = (struct name){.function = "f"};
	return 100;
}

static void there_is_always_a_level(void **state)
{
	struct name levels[NAMES_LEVELS];
	struct names none = {NULL, NULL}, many = {far_too_many, NULL};

	(void)state;
	assert_int_equal(names_get(NULL, 1, levels), 1);
	assert_null(levels[0].function);
	assert_null(levels[0].file);
	assert_int_equal(names_get(&none, 1, levels), 1);
	assert_int_equal(names_get(&many, 1, levels), NAMES_LEVELS);
}

static void names_are_shortened_where_it_hurts_least(void **state)
{
	static const struct {
		const char *name, *shorter;
		size_t columns;
	} rows[] = {
		{"main", "main", 8},
		{"exactly8", "exactly8", 8},
		{"exactly_9", "exactly…", 8},
		{"std::vector<std::pair<int, char>>::push_back(int const&)",
			"std::vector<…>::push_back(…)", 40},
		{"operator<< <char>(std::ostream&, char)", "operator<< <…>(…)", 20},
		{"operator->()", "operator-…", 10},
		{"a::operator()(int, int, int) const", "a::operator()(…) const", 30},
		{"(anonymous namespace)::work(std::string)", "(anonymous namespace)::work(…)", 32},
		{"f<(a->b)>(x)", "f<…>(x)", 9},
		{"broken<int", "broken<i…", 9},
		{"<>()<>()<>()", "<>()<>(…", 8},
		{"", "", 8},
	};
	char out[200];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(names_shorten(rows[i].name, rows[i].columns, out, sizeof out),
			rows[i].shorter);
}

static void short_buffer_holds_a_whole_string(void **state)
{
	char name[300], out[64];

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	for (size_t capacity = 5; capacity <= sizeof out; capacity++) {
		memset(out, '#', sizeof out);
		names_shorten(name, 100, out, capacity);
		assert_true(strlen(out) < capacity);
		assert_string_equal(out + strlen(out) - 3, "…");
	}
}

static void characters_are_not_cut_in_two(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(names_shorten("äöüäöüäöüäöü", 8, out, sizeof out), "äöüäöüä…");
	for (size_t capacity = 5; capacity < 30; capacity++) {
		names_shorten("äöüäöüäöüäöü", 100, out, capacity);
		for (size_t at = 0; out[at];) {
			size_t length = utf8_decode(out + at, strlen(out + at), NULL);

			assert_true(length > 0);
			at += length;
		}
	}
}

static void anything_is_shortened_within_its_limits(void **state)
{
	static const char alphabet[] = "<>()-=operator\xff\xc3ä:a ";
	char name[120], out[80];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)rand() % (sizeof name - 1),
		       capacity = 5 + (size_t)rand() % 70;
		size_t columns = 8 + (size_t)rand() % 60;

		for (size_t i = 0; i < length; i++)
			name[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
		name[length] = 0;
		names_shorten(name, columns, out, capacity);
		assert_true(strlen(out) < capacity);
		assert_true(utf8_width(out, strlen(out)) <= columns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_always_a_level),
		cmocka_unit_test(names_are_shortened_where_it_hurts_least),
		cmocka_unit_test(short_buffer_holds_a_whole_string),
		cmocka_unit_test(characters_are_not_cut_in_two),
		cmocka_unit_test(anything_is_shortened_within_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
