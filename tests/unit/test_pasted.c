#include "fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "kind.h"
#include "pasted.h"

static struct maps_line parsed(const char *line)
{
	struct maps_line out;
	struct maps_fault fault = {0, NULL};

	if (pasted_parse(line, strlen(line), &out, &fault))
		fail_msg("%s: column %zu: %s", line, fault.column, fault.reason);
	return out;
}

static void assert_path(const struct maps_line *line, const char *path)
{
	assert_int_equal(line->path_length, strlen(path));
	assert_memory_equal(line->path, path, strlen(path));
}

/* S20 and S21: mappings, KiB, those w+x, those of a file, heaps, main stacks. */
static void pasted_fixtures_are_read_whole(void **state)
{
	static const struct {
		const char *path;
		unsigned mappings, kib, writable_code, files, heaps, stacks;
	} cases[] = {
		{"tests/fixtures/i386-linux2.6-pasted-0.maps", 19, 12100, 5, 11, 1, 1},
		{"tests/fixtures/i386-linux2.6-pasted-2.maps", 3, 1384, 1, 3, 0, 0},
		{"tests/fixtures/i386-linux2.6-pasted-4.maps", 8, 1059060, 0, 2, 1, 1},
		{"tests/fixtures/i386-linux2.6-pasted-6.maps", 5, 104, 0, 2, 0, 1},
		{"tests/fixtures/i386-linux2.6-pasted-7.maps", 7, 10480, 0, 2, 1, 1},
		{"tests/fixtures/i386-linux2.6-pasted-8.maps", 10, 1069304, 0, 2, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *rest = fixture_read(cases[i].path), *text;
		unsigned mappings = 0, code = 0, files = 0, heaps = 0, stacks = 0;
		uint64_t bytes = 0;
		while ((text = fixture_line(&rest))) {
			struct maps_line line = parsed(text);
			maps_line_normalise(&line);
			mappings++;
			bytes += line.end - line.start;
			code += (line.perms & MAPS_WRITE) && (line.perms & MAPS_EXEC);
			files += line.inode != 0;
			heaps += line.path_length == 6 && !memcmp(line.path, "[heap]", 6);
			stacks += line.path_length == 7 && !memcmp(line.path, "[stack]", 7);
			assert_true(line.inode != 0 || line.offset == 0);
			assert_int_equal(line.inode != 0, line.path_length && line.path[0] == '/');
		}
		assert_int_equal(mappings, cases[i].mappings);
		assert_int_equal(bytes, cases[i].kib * 1024ull);
		assert_int_equal(code, cases[i].writable_code);
		assert_int_equal(files, cases[i].files);
		assert_int_equal(heaps, cases[i].heaps);
		assert_int_equal(stacks, cases[i].stacks);
	}
}

static void pasted_listing_gets_the_kinds_of_the_page_it_is_from(void **state)
{
	static const char *const expected[] = {"text", "data", "heap", "anon", "guard",
		"thread-stack", "guard", "thread-stack", "anon", "main-stack"};
	char *rest = fixture_read("tests/fixtures/i386-linux2.6-pasted-8.maps"), *text;
	struct kind_context context = {.next = NULL};
	struct maps_line lines[COUNT(expected)];
	size_t count = 0;

	(void)state;
	while ((text = fixture_line(&rest)))
		lines[count++] = parsed(text);
	assert_int_equal(count, COUNT(expected));
	for (size_t i = 0; i < count; i++) {
		enum kind kind =
			kind_next(&context, &lines[i], i + 1 < count ? &lines[i + 1] : NULL);
		assert_string_equal(kind_name(kind), expected[i]);
	}
}

static void lines_of_the_kernel_read_as_maps_parse_reads_them(void **state)
{
	static const char *const listings[] = {"tests/fixtures/i386-busybox.maps",
		"tests/fixtures/i386-hello.maps", "tests/fixtures/x86_64-cat.maps",
		"tests/fixtures/x86_64-centos7-main.maps", "tests/fixtures/x86_64-ls.maps"};

	(void)state;
	for (size_t i = 0; i < COUNT(listings); i++) {
		char *rest = fixture_read(listings[i]), *text;
		while ((text = fixture_line(&rest))) {
			struct maps_line strict, line = parsed(text);
			assert_int_equal(maps_parse(text, strlen(text), &strict, NULL), 0);
			assert_true(line.start == strict.start && line.end == strict.end &&
				    line.offset == strict.offset && line.inode == strict.inode &&
				    line.major == strict.major && line.minor == strict.minor &&
				    line.perms == strict.perms);
			assert_int_equal(line.path_length, strict.path_length);
			assert_memory_equal(line.path, strict.path, strict.path_length);
		}
	}
}

static void what_pages_do_to_lines_is_undone(void **state)
{
	struct maps_line line =
		parsed("  \t00400000 - 00401000 R-XP 00000000 FD:01 17 /bin/a b  \r");

	(void)state;
	assert_true(line.start == 0x400000 && line.end == 0x401000 && line.major == 0xfd &&
		    line.inode == 17);
	assert_int_equal(line.perms, MAPS_READ | MAPS_EXEC);
	assert_path(&line, "/bin/a b");
	line = parsed("00400000\xe2\x80\x93"
		      "00401000\xc2\xa0rw-s\xc2\xa0"
		      "00000000 00:00 0 [STACK] <- here");
	assert_int_equal(line.perms, MAPS_READ | MAPS_WRITE | MAPS_SHARED);
	assert_path(&line, "[stack]");
	line = parsed("ABCD0000-ABCE0000---p ABCD0000 00:000-----the guard");
	assert_true(
		line.start == 0xabcd0000 && line.minor == 0 && line.inode == 0 && line.perms == 0);
	assert_path(&line, "");
	line = parsed("1000-2000 rw-p 0 00:1234 77 [anon:My Pool]");
	assert_true(line.minor == 0x1234 && line.inode == 77);
	assert_path(&line, "[anon:My Pool]");
	line = parsed("1000-2000 rw-p 0 00:00 0 [half");
	assert_path(&line, "[half");
	/* Found by fuzzing: zeros in front are no glued field. */
	line = parsed("1000-2000 rw-p 0 00000000fd:01 00000000000000000000000017 /a");
	assert_true(line.major == 0xfd && line.minor == 1 && line.inode == 17);
	assert_path(&line, "/a");
}

static void what_is_no_mapping_is_a_fault_with_its_column(void **state)
{
	static const struct {
		const char *line;
		size_t column;
	} cases[] = {
		{"", 1},
		{"   ", 4},
		{"hello", 1},
		{"1000", 5},
		{"1000-2000", 10},
		{"2000-1000 rw-p 0 00:00 0", 6},
		{"1000-2000 rwzp 0 00:00 0", 13},
		{"1000-2000 rw-p", 15},
		{"1000-2000 rw-p zz 00:00 0", 16},
		{"1000-2000 rw-p 0 0000 0", 22},
		{"1000-2000 rw-p 0 00:", 21},
		{"1000-2000 rw-p 0 00:00", 23},
		{"1000-2000 rw-p 0 00:00 99999999999999999999", 24},
		{"1000-2000 rw-p 0 00:123456789 5", 21},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct maps_fault fault = {0, NULL};
		struct maps_line out;
		char *exact = malloc(strlen(cases[i].line) + 1);
		memcpy(exact, cases[i].line, strlen(cases[i].line));
		assert_int_equal(pasted_parse(exact, strlen(cases[i].line), &out, &fault), EINVAL);
		if (fault.column != cases[i].column)
			fail_msg("%s: column %zu (%s)", cases[i].line, fault.column, fault.reason);
		assert_non_null(fault.reason);
		assert_int_equal(pasted_parse(exact, strlen(cases[i].line), &out, NULL), EINVAL);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasted_fixtures_are_read_whole),
		cmocka_unit_test(pasted_listing_gets_the_kinds_of_the_page_it_is_from),
		cmocka_unit_test(lines_of_the_kernel_read_as_maps_parse_reads_them),
		cmocka_unit_test(what_pages_do_to_lines_is_undone),
		cmocka_unit_test(what_is_no_mapping_is_a_fault_with_its_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
