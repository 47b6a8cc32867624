#include "fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "maps.h"

static const char *const listings[] = {
	"tests/fixtures/i386-busybox.maps",
	"tests/fixtures/i386-hello.maps",
	"tests/fixtures/x86_64-cat.maps",
	"tests/fixtures/x86_64-centos7-main.maps",
	"tests/fixtures/x86_64-ls.maps",
};

static struct maps_line parsed(const char *line)
{
	struct maps_line out;
	struct maps_fault fault = {0, NULL};

	if (maps_parse(line, strlen(line), &out, &fault))
		fail_msg("%s: column %zu: %s", line, fault.column, fault.reason);
	return out;
}

static void assert_path(const struct maps_line *line, const char *path)
{
	assert_int_equal(line->path_length, strlen(path));
	assert_memory_equal(line->path, path, strlen(path));
}

/* A second parser, by scanf, as the tutorials write it. */
static void assert_equals_scanf(const char *text, const struct maps_line *line)
{
	uint64_t start, end, offset, inode;
	unsigned major, minor, behind;
	char perms[5], path[4200] = "";

	int fields = sscanf(text,
		"%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n %4199[^\n]", &start,
		&end, perms, &offset, &major, &minor, &inode, (int *)&behind, path);
	assert_in_range(fields, 7, 8);
	assert_true(line->start == start && line->end == end && line->offset == offset);
	assert_true(line->major == major && line->minor == minor && line->inode == inode);
	assert_int_equal(perms[0] == 'r', !!(line->perms & MAPS_READ));
	assert_int_equal(perms[1] == 'w', !!(line->perms & MAPS_WRITE));
	assert_int_equal(perms[2] == 'x', !!(line->perms & MAPS_EXEC));
	assert_int_equal(perms[3] == 's', !!(line->perms & MAPS_SHARED));
	assert_path(line, path);
}

static void fixtures_read_as_an_independent_parser_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(listings); i++) {
		char *rest = fixture_read(listings[i]), *text;
		while ((text = fixture_line(&rest))) {
			struct maps_line line = parsed(text);
			assert_equals_scanf(text, &line);
		}
	}
}

/* Mappings, KiB, and bytes of [heap] of a listing. */
static void assert_sums(const char *path, unsigned mappings, uint64_t kib, uint64_t heap)
{
	char *rest = fixture_read(path), *text;
	uint64_t count = 0, bytes = 0, heap_bytes = 0;

	while ((text = fixture_line(&rest))) {
		struct maps_line line = parsed(text);
		count++;
		bytes += line.end - line.start;
		if (line.path_length == 6 && memcmp(line.path, "[heap]", 6) == 0)
			heap_bytes += line.end - line.start;
	}
	assert_int_equal(count, mappings);
	assert_int_equal(bytes, kib * 1024);
	assert_int_equal(heap_bytes, heap);
}

static void sums_are_those_of_the_checklist(void **state)
{
	(void)state;
	assert_sums("tests/fixtures/x86_64-centos7-main.maps", 18, 4304, 135168);
	assert_sums("tests/fixtures/x86_64-ls.maps", 14, 4276, 2228224);
	assert_sums("tests/fixtures/i386-hello.maps", 22, 2480, 139264);
	assert_sums("tests/fixtures/i386-busybox.maps", 25, 2616, 0);
}

static void permissions_count_as_the_checklist_says(void **state)
{
	char *rest = fixture_read("tests/fixtures/x86_64-ls.maps"), *text;
	unsigned executable = 0, readable_too = 0;

	(void)state;
	while ((text = fixture_line(&rest))) {
		struct maps_line line = parsed(text);
		executable += !!(line.perms & MAPS_EXEC);
		readable_too += line.perms == (MAPS_READ | MAPS_EXEC);
	}
	assert_int_equal(executable, 4);
	assert_int_equal(readable_too, 3);
}

static void addresses_of_any_width_are_read(void **state)
{
	struct maps_line line = parsed("0-1 ---p 0 0:0 0");

	(void)state;
	assert_true(line.start == 0 && line.end == 1 && line.perms == 0);
	assert_path(&line, "");
	line = parsed("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  "
		      "[vsyscall]");
	assert_true(line.start == 0xffffffffff600000 && line.end == 0xffffffffff601000);
	line = parsed("fffffffffffffffe-ffffffffffffffff rwxs ffffffffffffffff "
		      "ffffffff:ffffffff 18446744073709551615 x");
	assert_true(
		line.end == UINT64_MAX && line.offset == UINT64_MAX && line.inode == UINT64_MAX);
	assert_true(line.major == UINT32_MAX && line.minor == UINT32_MAX);
	assert_int_equal(line.perms, MAPS_READ | MAPS_WRITE | MAPS_EXEC | MAPS_SHARED);
	line = parsed("565ab000-565ac000 r--p 00000000 103:05 10490348                   /hello");
	assert_true(line.major == 0x103 && line.minor == 5 && line.inode == 10490348);
}

static void names_are_kept_byte_for_byte(void **state)
{
	static const char *const names[] = {
		"/a b  c",
		"/trailing  ",
		"/caf\xc3\xa9",
		"/\xff\xfe\x01\x1b[31m",
		"/new\\012line",
		"/back\\slash (deleted)",
		"/memfd:x y (deleted)",
		"[anon:my name]",
		"[stack:1234]",
		"[whatever comes next]",
		"anon_inode:[io_uring]",
		"/a\ttab\r",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof(text), "1000-2000 r--p 00000000 fd:01 17       %s", names[i]);
		struct maps_line line = parsed(text);
		assert_path(&line, names[i]);
	}
}

static void longest_names_are_read_whole(void **state)
{
	enum { LONGEST = 4 * 4096 }; /* every character a newline, escaped */
	static char text[LONGEST + 100];
	int head = snprintf(text, sizeof(text), "1000-2000 r--p 00000000 fd:01 17       /");

	(void)state;
	for (int i = 0; i < 4095; i++)
		memcpy(text + head + 4 * i, "\\012", 4);
	struct maps_line line = parsed(text);
	char name[4097];
	assert_int_equal(line.path_length, 1 + 4 * 4095);
	assert_int_equal(maps_path_decode(&line, name, sizeof(name)), 4096);
	assert_string_equal(strrchr(name, '/'), name);
	assert_int_equal(strspn(name + 1, "\n"), 4095);
}

static void line_without_name_has_an_empty_path(void **state)
{
	static const char *const lines[] = {"1000-2000 rw-p 00000000 00:00 0",
		"1000-2000 rw-p 00000000 00:00 0 ", "1000-2000 rw-p 00000000 00:00 0      "};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct maps_line line = parsed(lines[i]);
		assert_path(&line, "");
		assert_true(maps_line_anonymous(&line));
		assert_non_null(line.path);
	}
}

static void damaged_lines_name_the_column_of_the_first_fault(void **state)
{
	static const struct {
		const char *line;
		size_t column;
	} cases[] = {
		{"", 1},
		{" 1000-2000 rw-p 00000000 00:00 0", 1},
		{"-2000 rw-p 00000000 00:00 0", 1},
		{"0x1000-2000 rw-p 00000000 00:00 0", 2},
		{"1000 2000 rw-p 00000000 00:00 0", 5},
		{"1000-", 6},
		{"1000-2000", 10},
		{"1000-2000rw-p 00000000 00:00 0", 10},
		{"1000-1000 rw-p 00000000 00:00 0", 6},
		{"2000-1000 rw-p 00000000 00:00 0", 6},
		{"1000-2000  rw-p 00000000 00:00 0", 11},
		{"1000-2000 Rw-p 00000000 00:00 0", 11},
		{"1000-2000 rW-p 00000000 00:00 0", 12},
		{"1000-2000 wr-p 00000000 00:00 0", 11},
		{"1000-2000 rw-- 00000000 00:00 0", 14},
		{"1000-2000 rw-", 14},
		{"1000-2000 rw-p", 15},
		{"1000-2000 rw-pp 00000000 00:00 0", 15},
		{"1000-2000 rw-p -1 00:00 0", 16},
		{"1000-2000 rw-p 00000000", 24},
		{"1000-2000 rw-p 00000000 0000 0", 29},
		{"1000-2000 rw-p 00000000 00:0g 0", 29},
		{"1000-2000 rw-p 00000000 100000000:00 0", 25},
		{"1000-2000 rw-p 00000000 00:00", 30},
		{"1000-2000 rw-p 00000000 00:00 ", 31},
		{"1000-2000 rw-p 00000000 00:00 x", 31},
		{"1000-2000 rw-p 00000000 00:00 17/bin/x", 33},
		{"1000-2000 rw-p 00000000 00:00 18446744073709551616", 31},
		{"1000-2000 rw-p 00000000 00:00 0\t/bin/x", 32},
		{"10000000000000000-20000000000000000 rw-p 00000000 00:00 0", 1},
		{"00000000000000001-2000 rw-p 00000000 00:00 0", 1},
		{"1000-2000 rw-p 00000000 00:00 1 /a\nb", 35},
		{"ABC0-FFFF rw-p 00000000 00:00 0", 1},
		{"Rss:                   4 kB", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct maps_line out, before;
		struct maps_fault fault = {0, NULL};
		size_t length = strlen(cases[i].line);
		memset(&out, 0x5a, sizeof(out));
		before = out;
		assert_int_equal(maps_parse(cases[i].line, length, &out, &fault), EINVAL);
		if (fault.column != cases[i].column)
			fail_msg("%s: column %zu (%s), not %zu", cases[i].line, fault.column,
				fault.reason, cases[i].column);
		assert_true(fault.reason && fault.reason[0] >= 'a' && fault.reason[0] <= 'z');
		assert_memory_equal(&out, &before, sizeof(out));
		assert_int_equal(maps_parse(cases[i].line, length, &out, NULL), EINVAL);
	}
}

static void every_beginning_of_a_line_is_judged_without_reading_behind_it(void **state)
{
	static const char text[] =
		"7f7877c1f000-7f7877c20000 r--p 00021000 fd:01 1049982   /usr/lib64/ld.so";
	size_t whole = strlen(text);
	struct maps_fault fault;
	struct maps_line line;

	(void)state;
	for (size_t length = 0; length <= whole; length++) {
		char *exact = malloc(length ? length : 1);
		memcpy(exact, text, length);
		bool accepted = maps_parse(exact, length, &line, &fault) == 0;
		/* From the first digit of the inode on, what is there makes a line. */
		assert_int_equal(accepted, length >= 47);
		assert_true(accepted || fault.column == length + 1);
		free(exact);
	}
}

static void nul_in_a_name_is_damage(void **state)
{
	static const char text[] = "1000-2000 rw-p 00000000 00:00 1 /a\0b";
	struct maps_fault fault;
	struct maps_line line;

	(void)state;
	assert_int_equal(maps_parse(text, sizeof(text) - 1, &line, &fault), EINVAL);
	assert_int_equal(fault.column, 35);
}

/* S21: strict reading refuses what was pasted, and says where. */
static void pasted_listings_are_refused_with_line_and_column(void **state)
{
	static const struct {
		const char *path;
		unsigned line, column;
	} cases[] = {
		{"tests/fixtures/i386-linux2.6-pasted-0.maps", 1, 19},
		{"tests/fixtures/i386-linux2.6-pasted-2.maps", 1, 19},
		{"tests/fixtures/i386-linux2.6-pasted-4.maps", 1, 19},
		{"tests/fixtures/i386-linux2.6-pasted-6.maps", 1, 19},
		{"tests/fixtures/i386-linux2.6-pasted-7.maps", 1, 19},
		{"tests/fixtures/i386-linux2.6-pasted-8.maps", 1, 19},
		{"tests/fixtures/pmap-zsh.txt", 1, 6},
		{"tests/fixtures/gdb-info-proc-mappings.txt", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *rest = fixture_read(cases[i].path), *text;
		struct maps_fault fault = {0, NULL};
		struct maps_line line;
		unsigned number = 0;
		do {
			text = fixture_line(&rest);
			number++;
		} while (text && maps_parse(text, strlen(text), &line, &fault) == 0);
		assert_int_equal(number, cases[i].line);
		assert_int_equal(fault.column, cases[i].column);
	}
}

static void offset_of_old_kernels_anonymous_mappings_is_no_file_offset(void **state)
{
	struct maps_line line = parsed("0036e000-00371000 rwxp 0036e000 00:00 0");

	(void)state;
	assert_int_equal(line.offset, 0x36e000);
	maps_line_normalise(&line);
	assert_int_equal(line.offset, 0);
	line = parsed("bf987000-bf99c000 rw-p bffea000 00:00 0 [stack]");
	maps_line_normalise(&line);
	assert_int_equal(line.offset, 0);
	line = parsed("0036b000-0036d000 r-xp 00157000 fd:00 2719767 /lib/libc-2.5.so");
	maps_line_normalise(&line);
	assert_int_equal(line.offset, 0x157000);
	/* The first SysV segment has inode 0, but a device: its offset is one. */
	line = parsed("1000-2000 rw-s 00003000 00:01 0                  /SYSV00000000 (deleted)");
	assert_false(maps_line_anonymous(&line));
	maps_line_normalise(&line);
	assert_int_equal(line.offset, 0x3000);
}

static void deleted_is_told_by_the_end_of_the_path_alone(void **state)
{
	static const struct {
		const char *name, *decoded;
		bool deleted;
	} cases[] = {
		{"/bin/x (deleted)", "/bin/x", true},
		{"/bin/x (deleted) (deleted)", "/bin/x (deleted)", true},
		{"/bin/x (deleted)y", "/bin/x (deleted)y", false},
		{"/bin/x(deleted)", "/bin/x(deleted)", false},
		{"/a\\012b (deleted)", "/a\nb", true},
		{"/a\\012", "/a\n", false},
		{"/a\\01", "/a\\01", false},
		{"/a\\040b", "/a\\040b", false}, /* not an escape of maps: a file called so */
		{"/a\\\\012", "/a\\\n", false},
		{"[heap]", "[heap]", false},
	};
	char text[128], out[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "1000-2000 rw-p 00000000 00:01 1 %s", cases[i].name);
		struct maps_line line = parsed(text);
		size_t length = strlen(cases[i].decoded);
		assert_int_equal(maps_line_deleted(&line), cases[i].deleted);
		assert_int_equal(maps_path_decode(&line, out, sizeof(out)), length);
		assert_string_equal(out, cases[i].decoded);
		for (size_t capacity = 0; capacity < length + 2; capacity++) {
			memset(out, '#', sizeof(out));
			assert_int_equal(maps_path_decode(&line, out, capacity), length);
			assert_int_equal(out[capacity], '#');
			if (capacity)
				assert_int_equal(
					strlen(out), capacity <= length ? capacity - 1 : length);
		}
	}
}

/* A file with every awkward character, mapped here, found in this process's own maps. */
static void kernel_writes_names_as_we_read_them(void **state)
{
	static const char *const names[] = {"plain", "with space", "end ", "new\nline",
		"\xff\xfe\x1b[31m", "back\\slash", "gone (deleted)", "\"quotes'"};
	char template[] = "/tmp/vmatlas-maps-XXXXXX", path[256];

	(void)state;
	assert_non_null(mkdtemp(template));
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", template, names[i]);
		FILE *file = fopen(path, "w+");
		assert_non_null(file);
		fputs("x", file);
		fflush(file);
		void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(file), 0);
		assert_ptr_not_equal(at, MAP_FAILED);
		struct stat status;
		assert_int_equal(fstat(fileno(file), &status), 0);
		for (char *rest = fixture_read("/proc/self/maps"), *text;
			(text = fixture_line(&rest));) {
			struct maps_line line = parsed(text);
			if (line.start != (uintptr_t)at)
				continue;
			char decoded[256];
			maps_path_decode(&line, decoded, sizeof(decoded));
			if (strcmp(names[i], "gone (deleted)") != 0)
				assert_string_equal(decoded, path);
			assert_int_equal(line.inode, status.st_ino);
			assert_int_equal(makedev(line.major, line.minor), status.st_dev);
			at = NULL;
		}
		assert_null(at);
		fclose(file);
		unlink(path);
	}
	rmdir(template);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_read_as_an_independent_parser_reads_them),
		cmocka_unit_test(sums_are_those_of_the_checklist),
		cmocka_unit_test(permissions_count_as_the_checklist_says),
		cmocka_unit_test(addresses_of_any_width_are_read),
		cmocka_unit_test(names_are_kept_byte_for_byte),
		cmocka_unit_test(longest_names_are_read_whole),
		cmocka_unit_test(line_without_name_has_an_empty_path),
		cmocka_unit_test(damaged_lines_name_the_column_of_the_first_fault),
		cmocka_unit_test(every_beginning_of_a_line_is_judged_without_reading_behind_it),
		cmocka_unit_test(nul_in_a_name_is_damage),
		cmocka_unit_test(pasted_listings_are_refused_with_line_and_column),
		cmocka_unit_test(offset_of_old_kernels_anonymous_mappings_is_no_file_offset),
		cmocka_unit_test(deleted_is_told_by_the_end_of_the_path_alone),
		cmocka_unit_test(kernel_writes_names_as_we_read_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
