#include "fixture.h"

#include "maps_filter.h"
#include "maps_sort.h"

static struct listing_row row_of(const char *text)
{
	struct listing_row row = {0};

	assert_int_equal(maps_parse(text, strlen(text), &row.line, NULL), 0);
	return row;
}

static bool passes(const char *perms, const char *row_perms)
{
	struct maps_filter filter = {0};
	char text[100];
	struct listing_row row;

	assert_null(maps_filter_perms(&filter, perms));
	snprintf(text, sizeof(text), "00001000-00002000 %s 00000000 00:00 0 ", row_perms);
	row = row_of(text);
	return maps_filter_passes(&filter, &row);
}

static void letters_are_wanted_at_least(void **state)
{
	(void)state;
	assert_true(passes("x", "r-xp"));
	assert_true(passes("x", "--xs"));
	assert_false(passes("x", "rw-p"));
	assert_true(passes("wx", "rwxp"));
	assert_true(passes("xw", "-wxp"));
	assert_false(passes("wx", "r-xp"));
	assert_true(passes("s", "---s"));
	assert_false(passes("p", "---s"));
	assert_true(passes("p", "---p"));
	assert_true(passes("rs", "rw-s"));
}

static void three_or_four_are_exact(void **state)
{
	(void)state;
	assert_true(passes("r-x", "r-xp"));
	assert_true(passes("r-x", "r-xs"));
	assert_false(passes("r-x", "rwxp"));
	assert_false(passes("r-xp", "r-xs"));
	assert_true(passes("---", "---p"));
	assert_false(passes("---", "r--p"));
	assert_true(passes("rwx", "rwxp"));
	assert_true(passes("rw-s", "rw-s"));
}

static void other_permissions_are_refused(void **state)
{
	static const char *const wrong[] = {"", "q", "r--x", "rr-", "R", "r-", "r-xpp"};
	struct maps_filter filter = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_non_null(maps_filter_perms(&filter, wrong[i]));
}

static void kinds_add_up(void **state)
{
	struct maps_filter filter = {0};

	(void)state;
	assert_null(maps_filter_kinds(&filter, "heap,malloc-mmap"));
	assert_null(maps_filter_kinds(&filter, "other"));
	assert_int_equal(
		filter.kinds, 1ull << KIND_HEAP | 1ull << KIND_MALLOC_MMAP | 1ull << KIND_OTHER);
	assert_non_null(maps_filter_kinds(&filter, "heap,heep"));
	assert_non_null(maps_filter_kinds(&filter, ",heap"));
	assert_non_null(maps_filter_kinds(&filter, "a-name-longer-than-any-kind-has"));
	filter = (struct maps_filter){0};
	assert_non_null(maps_filter_kinds(&filter, ""));
}

static bool overlaps(const char *range)
{
	struct listing_row row = row_of("00001000-00002000 r--p 00000000 00:00 0 ");
	struct maps_filter filter = {0};

	assert_null(maps_filter_addr(&filter, range));
	return maps_filter_passes(&filter, &row);
}

static void addresses_overlap(void **state)
{
	(void)state;
	assert_true(overlaps("1000"));
	assert_true(overlaps("0x1fff"));
	assert_false(overlaps("2000"));
	assert_false(overlaps("fff"));
	assert_true(overlaps("0,1001"));
	assert_false(overlaps("0,1000"));
	assert_true(overlaps("1fff-3000"));
	assert_false(overlaps("ffffffffffffffff"));
}

static void other_addresses_are_refused(void **state)
{
	static const char *const wrong[] = {"", "x", "-1", " 1", "1,", "1,1", "2,1", "1,2,3", "1 2",
		"10000000000000000", "1,0x"};
	struct maps_filter filter = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_non_null(maps_filter_addr(&filter, wrong[i]));
}

static void paths_by_part_and_glob(void **state)
{
	struct listing_row row = row_of("00001000-00002000 r--p 00000000 08:01 7 /lib/libc-2.so");
	static const struct {
		const char *path;
		bool passes;
	} cases[] = {{"libc", true}, {"/lib", true}, {"libc-*", true}, {"*.so", true},
		{"/lib/*", true}, {"lib", true}, {"*libm*", false}, {"LIBC", false}, {"", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct maps_filter filter = {.path = cases[i].path};
		assert_int_equal(maps_filter_passes(&filter, &row), cases[i].passes);
	}
}

/* -- Order ---------------------------------------------------------------------------------- */

enum { ROWS = 4 };

static void sort(const char *name, bool reverse, const struct listing_row rows[ROWS], char *order)
{
	const struct listing_row *row[ROWS];
	struct maps_order by = {.reverse = reverse};

	for (size_t i = 0; i < ROWS; i++)
		row[i] = &rows[i];
	assert_true(!name || maps_order_find(&by, name));
	maps_order_sort(&by, row, ROWS);
	for (size_t i = 0; i < ROWS; i++)
		order[i] = (char)('a' + (row[i] - rows));
	order[ROWS] = 0;
}

static void rows_are_sorted(void **state)
{
	struct listing_row rows[ROWS] = {
		row_of("00004000-00005000 r--p 00000000 08:01 7 /b"),
		row_of("00001000-00004000 rw-p 00000000 00:00 0 "),
		row_of("00006000-00007000 r-xp 00000000 08:01 7 /bb"),
		row_of("00008000-0000a000 r--p 00000000 08:01 8 /a"),
	};
	static const struct {
		const char *name, *order;
		bool reverse;
	} cases[] = {{NULL, "abcd", false}, {NULL, "dcab", true}, {"start", "bacd", false},
		{"size", "bdac", false}, {"size", "acdb", true}, {"path", "bdac", false},
		{"kind", "abdc", false}, {"perms", "adbc", false}, {"rss", "cbad", false},
		{"live", "dbac", false}, {"owner", "bacd", false}};
	char order[ROWS + 1];

	(void)state;
	rows[0].kind = KIND_ANON;
	rows[1].kind = KIND_BSS;
	rows[3].kind = KIND_FILE;
	rows[2].kind = KIND_TEXT;
	rows[2].smaps.rss = 4096;
	rows[3].live.bytes = 12;
	for (size_t i = 0; i < COUNT(cases); i++) {
		sort(cases[i].name, cases[i].reverse, rows, order);
		assert_string_equal(order, cases[i].order);
	}
}

static void keys_have_needs(void **state)
{
	struct maps_order order = {0};

	(void)state;
	assert_int_equal(maps_order_needs(&order), 0);
	assert_true(maps_order_find(&order, "rss"));
	assert_int_equal(maps_order_needs(&order), LISTING_RSS);
	assert_true(maps_order_find(&order, "live"));
	assert_int_equal(maps_order_needs(&order), LISTING_LIVE);
	assert_false(maps_order_find(&order, "age"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_wanted_at_least),
		cmocka_unit_test(three_or_four_are_exact),
		cmocka_unit_test(other_permissions_are_refused),
		cmocka_unit_test(kinds_add_up),
		cmocka_unit_test(addresses_overlap),
		cmocka_unit_test(other_addresses_are_refused),
		cmocka_unit_test(paths_by_part_and_glob),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(keys_have_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
