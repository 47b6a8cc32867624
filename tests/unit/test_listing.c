#include "fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "listing.h"
#include "listing_kinds.h"

static struct listing *parsed(const char *text, bool pasted)
{
	const struct listing_how how = {.pasted = pasted};
	struct listing_fault fault = {0};
	struct listing *listing;

	if (listing_parse(strdup(text), strlen(text), &how, &listing, &fault))
		fail_msg("line %zu, column %zu: %s", fault.line, fault.column, fault.reason);
	assert_int_equal(listing_kinds_find(listing), 0);
	return listing;
}

static struct listing *parsed_file(const char *path, bool pasted)
{
	return parsed(fixture_read(path), pasted);
}

static uint64_t size_of(const struct listing *listing)
{
	uint64_t size = 0;

	for (size_t i = 0; i < listing->count; i++)
		size += listing->row[i].line.end - listing->row[i].line.start;
	return size;
}

static void assert_path(const struct listing_row *row, const char *path)
{
	assert_int_equal(row->line.path_length, strlen(path));
	assert_memory_equal(row->line.path, path, strlen(path));
}

static void assert_fault(
	const char *text, bool pasted, size_t line, size_t column, const char *reason)
{
	const struct listing_how how = {.pasted = pasted};
	struct listing_fault fault = {0};
	struct listing *listing;

	assert_int_equal(listing_parse(strdup(text), strlen(text), &how, &listing, &fault), EILSEQ);
	assert_string_equal(fault.reason, reason);
	assert_int_equal(fault.line, line);
	assert_int_equal(fault.column, column);
}

/* -- Maps and smaps ------------------------------------------------------------------------- */

static void fixtures_have_their_figures(void **state)
{
	static const struct {
		const char *path;
		size_t mappings;
		uint64_t kib;
		bool pasted;
		enum listing_form form;
	} cases[] = {
		{"tests/fixtures/x86_64-centos7-main.maps", 18, 4304, false, LISTING_MAPS},
		{"tests/fixtures/i386-linux2.6-pasted-0.maps", 19, 12100, true, LISTING_MAPS},
		{"tests/fixtures/pmap-zsh.txt", 132, 21816, false, LISTING_PMAP},
		{"tests/fixtures/gdb-info-proc-mappings.txt", 22, 2480, false, LISTING_GDB},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listing *listing = parsed_file(cases[i].path, cases[i].pasted);
		assert_int_equal(listing->count, cases[i].mappings);
		assert_int_equal(size_of(listing), cases[i].kib * 1024);
		assert_int_equal(listing->form, cases[i].form);
		assert_int_equal(listing->disorder, 0);
		listing_free(listing);
	}
}

static const char smaps[] = "00400000-00401000 r-xp 00000000 fd:01 139198    /bin/main\n"
			    "Size:                  4 kB\n"
			    "Rss:                   4 kB\n"
			    "Future_Key:            7 kB\n"
			    "Other9:                8\n"
			    "FutureWords: some words\n"
			    "VmFlags: rd ex mr mw me \n"
			    "00600000-00700000 rw-p 00600000 00:00 0 \n"
			    "Size:               1024 kB\n"
			    "Rss:                  12 kB\n"
			    "Future_Key:            1 kB\n";

static void all_keys_of_smaps_pass_through(void **state)
{
	struct listing *listing = parsed(smaps, false);

	(void)state;
	assert_int_equal(listing->count, 2);
	assert_true(listing->known & LISTING_SMAPS);
	assert_int_equal(listing->keys, 4);
	assert_memory_equal(listing->key[2].name, "Future_Key", listing->key[2].length);
	assert_true(listing->key[2].kib);
	assert_false(listing->key[3].kib);
	assert_int_equal(listing->row[0].value[2], 7);
	assert_int_equal(listing->row[0].value[3], 8);
	assert_int_equal(listing->row[1].value[2], 1);
	assert_int_equal(listing->row[1].smaps.rss, 12 * 1024);
	assert_string_equal(listing->row[0].smaps.vm_flags, "rd ex mr mw me");
	listing_free(listing);
}

/* S20 */
static void an_old_kernels_offset_is_kept_apart(void **state)
{
	struct listing *listing = parsed(smaps, false);

	(void)state;
	assert_int_equal(listing->row[1].line.offset, 0);
	assert_int_equal(listing->row[1].written_offset, 0x600000);
	listing_free(listing);
}

static void the_very_line_is_kept(void **state)
{
	struct listing *listing = parsed(smaps, false);
	const struct listing_row *row = &listing->row[0];

	(void)state;
	assert_int_equal(row->text_length, strcspn(smaps, "\n"));
	assert_memory_equal(row->text, smaps, row->text_length);
	listing_free(listing);
}

static void first_fault_is_named(void **state)
{
	static const char good[] = "00400000-00401000 r-xp 00000000 fd:01 139198    /bin/main\n";
	char text[400];

	(void)state;
	snprintf(text, sizeof(text), "%s%s00400000-00401000 r-xq 00000000 fd:01 1\n%s", good, good,
		good);
	assert_fault(text, false, 3, 22, "expected permissions such as r-xp");
	snprintf(text, sizeof(text), "%s00400000-0040", good);
	assert_fault(text, false, 2, 14, "line ends too early");
	snprintf(text, sizeof(text), "%sRss:  many kB\n", good);
	assert_fault(text, false, 2, 5, "no value of this key of smaps");
	assert_fault("Rss: 4 kB\n", false, 1, 1, "a key of smaps before any mapping");
	assert_fault("", false, 1, 1, "no mappings in it");
	assert_fault("\n", false, 1, 1, "line ends too early");
	assert_fault("# nothing\n", true, 1, 1, "expected a number");
}

static void keys_have_a_limit(void **state)
{
	char text[8192] = "00400000-00401000 r-xp 00000000 fd:01 139198    /bin/main\n";
	size_t used = strlen(text);

	(void)state;
	for (unsigned i = 0; i <= LISTING_KEYS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "Key%c%c: 1 kB\n",
			'a' + i / 26, 'a' + i % 26);
	assert_fault(text, false, LISTING_KEYS + 2, 1, "more keys than any kernel has");
}

static void pasted_markers_are_mended(void **state)
{
	struct listing *listing = parsed_file("tests/fixtures/i386-linux2.6-pasted-7.maps", true);
	const struct listing_row *last = &listing->row[listing->count - 1];

	(void)state;
	assert_path(last, "[stack]");
	assert_int_equal(last->kind, KIND_MAIN_STACK);
	assert_int_equal(listing->row[2].kind, KIND_HEAP);
	assert_int_equal(listing->row[3].kind, KIND_GUARD);
	assert_int_equal(listing->row[4].kind, KIND_THREAD_STACK);
	listing_free(listing);
}

static void disorder_is_counted(void **state)
{
	struct listing *listing = parsed("00402000-00403000 rw-p 00000000 00:00 0 \n"
					 "00400000-00401000 rw-p 00000000 00:00 0 \n",
		false);

	(void)state;
	assert_int_equal(listing->disorder, 1);
	assert_ptr_equal(listing_find(listing, 0x400fff), &listing->row[1]);
	assert_null(listing_find(listing, 0x401000));
	listing_free(listing);
}

static void addresses_are_found(void **state)
{
	struct listing *listing = parsed_file("tests/fixtures/x86_64-centos7-main.maps", false);

	(void)state;
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_row *row = &listing->row[i];
		assert_ptr_equal(listing_find(listing, row->line.start), row);
		assert_ptr_equal(listing_find(listing, row->line.end - 1), row);
	}
	assert_null(listing_find(listing, 0));
	assert_null(listing_find(listing, 0x401000));
	assert_null(listing_find(listing, UINT64_MAX));
	listing_free(listing);
}

/* -- pmap ----------------------------------------------------------------------------------- */

/* S22 */
static void pmap_listing_has_kinds(void **state)
{
	struct listing *listing = parsed_file("tests/fixtures/pmap-zsh.txt", false);

	(void)state;
	assert_int_equal(listing->pid, 21290);
	assert_string_equal(listing->title, "/usr/bin/zsh --login");
	assert_int_equal(listing->known, LISTING_PERMS);
	assert_int_equal(listing->row[0].kind, KIND_RODATA);
	assert_int_equal(listing->row[1].kind, KIND_TEXT);
	assert_int_equal(listing->row[3].kind, KIND_RELRO);
	assert_int_equal(listing->row[4].kind, KIND_DATA);
	assert_int_equal(listing->row[5].kind, KIND_BSS);
	assert_string_equal(listing->row[5].owner, "bss of zsh");
	assert_int_equal(listing->row[128].kind, KIND_MAIN_STACK);
	assert_int_equal(listing->row[129].kind, KIND_VVAR);
	assert_int_equal(listing->row[130].kind, KIND_VDSO);
	assert_int_equal(listing->row[131].kind, KIND_VSYSCALL);
	listing_free(listing);
}

static void pmap_x_has_figures(void **state)
{
	struct listing *listing =
		parsed("17:   ./a b\n"
		       "Address           Kbytes     RSS   Dirty Mode  Mapping\n"
		       "0000562c588da000       8       4       1 rw-s- zero (deleted)\n"
		       "---------------- ------- ------- ------- \n"
		       "total kB               8       4       1\n",
			false);

	(void)state;
	assert_int_equal(listing->known, LISTING_PERMS | LISTING_RSS);
	assert_int_equal(listing->row[0].smaps.rss, 4096);
	assert_int_equal(listing->row[0].kind, KIND_SHMEM);
	assert_path(&listing->row[0], "zero (deleted)");
	listing_free(listing);
}

static void pmap_faults_are_named(void **state)
{
	(void)state;
	assert_fault("1:   a\n0000562c588da000     92 r---- zsh\n", false, 2, 25,
		"expected K behind the size");
	assert_fault("1:   a\n0000562c588da000     92K r-z-- zsh\n", false, 2, 26,
		"expected permissions such as r-x--");
	assert_fault("1:   a\n0000562c588da000     92K r---- zsh\n total   91K\n", false, 3, 10,
		"the total is not the sum of the rows");
	assert_fault("1:   a\nfffffffffffff000     92K r---- zsh\n", false, 2, 22,
		"range ends where or before it starts");
	assert_fault("1:   a\n         Address Perm   Offset Device\n", false, 2, 1,
		"only pmap without options and pmap -x can be read");
}

/* -- gdb ------------------------------------------------------------------------------------ */

static void gdb_listing_is_read(void **state)
{
	struct listing *listing = parsed_file("tests/fixtures/gdb-info-proc-mappings.txt", false);

	(void)state;
	assert_int_equal(listing->pid, 23610);
	assert_int_equal(listing->known, LISTING_OFFSET | LISTING_PATH);
	assert_int_equal(listing->row[4].line.offset, 0x3000);
	assert_int_equal(listing->row[5].kind, KIND_HEAP);
	assert_int_equal(listing->row[12].kind, KIND_ANON);
	assert_int_equal(listing->row[21].kind, KIND_MAIN_STACK);
	assert_path(&listing->row[21], "[stack]");
	listing_free(listing);
}

static const char gdb_title[] = "[Thread debugging]\nprocess 12\nMapped address spaces:\n\n"
				"  Start Addr   End Addr       Size     Offset  Perms  objfile\n";

static void gdb_permissions_are_read(void **state)
{
	char text[500];
	struct listing *listing;

	(void)state;
	snprintf(text, sizeof(text), "%s  0x1000 0x2000 0x1000 0x0  r-xp  /bin/a b\n", gdb_title);
	listing = parsed(text, false);
	assert_int_equal(listing->row[0].line.perms, MAPS_READ | MAPS_EXEC);
	assert_int_equal(listing->row[0].kind, KIND_TEXT);
	assert_path(&listing->row[0], "/bin/a b");
	listing_free(listing);
}

static void gdb_faults_are_named(void **state)
{
	char text[500];

	(void)state;
	snprintf(text, sizeof(text), "%s 0x1000 0x2000 0x1001 0x0 r-xp /a\n", gdb_title);
	assert_fault(text, false, 6, 16, "the size is not end minus start");
	snprintf(text, sizeof(text), "%s 0x1000 2000 0x1000 0x0 r-xp /a\n", gdb_title);
	assert_fault(text, false, 6, 9, "expected 0x and a number");
	snprintf(text, sizeof(text), "%s 0x1000 0x2000 0x1000\n", gdb_title);
	assert_fault(text, false, 6, 22, "line ends too early");
	snprintf(text, sizeof(text), "%s", gdb_title);
	assert_fault(text, false, 1, 1, "no mappings in it");
}

/* -- Small things --------------------------------------------------------------------------- */

static void base_of_a_path(void **state)
{
	static const struct {
		const char *path, *base;
	} cases[] = {{"/usr/bin/zsh", "zsh"}, {"[heap]", "[heap]"}, {"/a/", "/a/"}, {"", ""},
		{"anon_inode:[a/b]", "anon_inode:[a/b]"}, {"zsh", "zsh"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listing_row row = {
			.line.path = cases[i].path, .line.path_length = strlen(cases[i].path)};
		size_t length;
		const char *base = listing_base(&row, &length);
		assert_int_equal(length, strlen(cases[i].base));
		assert_memory_equal(base, cases[i].base, length);
	}
}

static void truncated_texts_do_no_harm(void **state)
{
	static const char *const paths[] = {"tests/fixtures/x86_64-centos7-main.maps",
		"tests/fixtures/pmap-zsh.txt", "tests/fixtures/gdb-info-proc-mappings.txt"};
	const struct listing_how how = {.pasted = false};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		char *text = fixture_read(paths[i]);
		for (size_t length = 0; length < strlen(text); length += 7) {
			struct listing_fault fault = {0};
			struct listing *listing;
			char *part = malloc(length + 1);
			memcpy(part, text, length);
			if (listing_parse(part, length, &how, &listing, &fault))
				assert_non_null(fault.reason);
			else
				listing_free(listing);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_have_their_figures),
		cmocka_unit_test(all_keys_of_smaps_pass_through),
		cmocka_unit_test(an_old_kernels_offset_is_kept_apart),
		cmocka_unit_test(the_very_line_is_kept),
		cmocka_unit_test(first_fault_is_named),
		cmocka_unit_test(keys_have_a_limit),
		cmocka_unit_test(pasted_markers_are_mended),
		cmocka_unit_test(disorder_is_counted),
		cmocka_unit_test(addresses_are_found),
		cmocka_unit_test(pmap_listing_has_kinds),
		cmocka_unit_test(pmap_x_has_figures),
		cmocka_unit_test(pmap_faults_are_named),
		cmocka_unit_test(gdb_listing_is_read),
		cmocka_unit_test(gdb_permissions_are_read),
		cmocka_unit_test(gdb_faults_are_named),
		cmocka_unit_test(base_of_a_path),
		cmocka_unit_test(truncated_texts_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
