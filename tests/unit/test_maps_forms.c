#include "fixture.h"

#include <stdlib.h>

#include "listing_kinds.h"
#include "maps_annotate.h"
#include "maps_csv.h"
#include "maps_explain.h"
#include "maps_extended.h"
#include "maps_gdb.h"
#include "maps_group_put.h"
#include "maps_pmap.h"
#include "maps_table.h"

static const char source[] =
	"00400000-00401000 r-xp 00000000 fd:01 139198    /bin/main\n"
	"Size:                  4 kB\nRss:                   4 kB\nShared_Dirty: 0 kB\n"
	"Later:             1000 kB\nVmFlags: rd ex\n"
	"00600000-00602000 rw-p 00001000 fd:01 139198    /bin/main\n"
	"Size:                  8 kB\nRss:                   8 kB\nShared_Dirty: 4 kB\n"
	"Later:             9999 kB\nVmFlags: rd wr gd\n"
	"00602000-00604000 rw-p 00602000 00:00 0 \n"
	"Size:                  8 kB\nRss:                   0 kB\nShared_Dirty: 0 kB\n"
	"Later:                1 kB\nVmFlags: rd wr\n"
	"7ffff7000000-7ffff7001000 rwxs 00000000 00:01 9 /SYSV00000000 (deleted)\n"
	"Size:                  4 kB\nRss:                   4 kB\nShared_Dirty: 4 kB\n"
	"Later:                0 kB\nVmFlags: rd wr ex\n";

static char output[8192];
static struct text text;
static struct maps_view view;
static struct listing *listing;
static const struct listing_row *rows[8];

static int make_view(void **state)
{
	const struct listing_how how = {0};
	struct listing_fault fault = {0};

	(void)state;
	if (listing_parse(strdup(source), strlen(source), &how, &listing, &fault) ||
		listing_kinds_find(listing))
		return 1;
	listing->pid = 17;
	listing->title = strdup("main -v\033[2J");
	for (size_t i = 0; i < listing->count; i++)
		rows[i] = &listing->row[i];
	view = (struct maps_view){
		.listing = listing, .row = rows, .count = listing->count, .text = &text};
	text_init(&text, output, sizeof(output) - 1, NULL, NULL);
	return 0;
}

static int free_view(void **state)
{
	(void)state;
	listing_free(listing);
	return 0;
}

static void assert_output(const char *wanted)
{
	assert_int_equal(text.error, 0);
	output[text.used] = 0;
	assert_string_equal(output, wanted);
}

static void each_kind_has_a_sentence(void **state)
{
	const char *sentence = output;

	(void)state;
	view.count = 1;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		listing->row[0].kind = (enum kind)kind;
		text_init(&text, output, sizeof(output) - 1, NULL, NULL);
		maps_explain(&view);
		output[text.used] = 0;
		sentence = strstr(output, "\n    4.0 KiB: ");
		assert_non_null(sentence);
		assert_true(strcspn(sentence + 14, ";(") > 10);
		assert_null(strchr(output, '\1'));
	}
}

static void table(void **state)
{
	(void)state;
	maps_table(&view);
	assert_output("17:   main -v\\x1b[2J\n"
		      "0000000000400000      4K r-x-- text          main\n"
		      "0000000000600000      8K rw--- data          main\n"
		      "0000000000602000      8K rw--- bss             [ bss of main ]\n"
		      "00007ffff7000000      4K rwxs- sysv            [ shmid=0x9 ]\n"
		      " total               24K\n"
		      " 4 mappings; resident 16.0 KiB; 1 writable and executable; no [heap]\n");
}

static void colours_end_where_they_begin(void **state)
{
	(void)state;
	view.color = true;
	view.count = 1;
	view.filtered = true;
	maps_table(&view);
	assert_output("17:   main -v\\x1b[2J\n"
		      "0000000000400000      4K r-x-- \033[32mtext          main\033[0m\n"
		      " total                4K\n"
		      " 1 mapping of 4; resident 4.0 KiB\n");
}

static void pmap_x(void **state)
{
	(void)state;
	maps_pmap(&view);
	assert_output("17:   main -v\\x1b[2J\n"
		      "Address           Kbytes     RSS   Dirty Mode  Mapping\n"
		      "0000000000400000       4       4       0 r-x-- main\n"
		      "0000000000600000       8       8       4 rw--- main\n"
		      "0000000000602000       8       0       0 rw---   [ bss of main ]\n"
		      "00007ffff7000000       4       4       4 rwxs-   [ shmid=0x9 ]\n"
		      "---------------- ------- ------- ------- \n"
		      "total kB              24      16       8\n");
}

static void extended_leaves_some_out(void **state)
{
	(void)state;
	maps_extended(&view, false);
	assert_output("17:   main -v\\x1b[2J\n"
		      "     Address Perm   Offset Device  Inode Size Rss Later Mapping\n"
		      "    00400000 r-xp 00000000  fd:01 139198    4   4  1000 main\n"
		      "    00600000 rw-p 00001000  fd:01 139198    8   8  9999 main\n"
		      "    00602000 rw-p 00602000  00:00      0    8   0     1 \n"
		      "7ffff7000000 rwxs 00000000  00:01      9    4   4     0 SYSV00000000 "
		      "(deleted)\n"
		      "                                         ==== === ===== \n"
		      "                                           24  16 11000 KB \n");
}

static void extended_with_all(void **state)
{
	(void)state;
	view.count = 2;
	maps_extended(&view, true);
	assert_output("17:   main -v\\x1b[2J\n"
		      " Address Perm   Offset Device  Inode Size Rss Shared_Dirty Later  VmFlags "
		      "Mapping\n"
		      "00400000 r-xp 00000000  fd:01 139198    4   4            0  1000    rd ex "
		      "main\n"
		      "00600000 rw-p 00001000  fd:01 139198    8   8            4  9999 rd wr gd "
		      "main\n"
		      "                                     ==== === ============ ===== \n"
		      "                                       12  12            4 10999 KB \n");
}

static void gdb_wide(void **state)
{
	(void)state;
	maps_gdb(&view);
	assert_output(
		"process 17\nMapped address spaces:\n\n"
		"          Start Addr           End Addr       Size     Offset  Perms  objfile\n"
		"            0x400000           0x401000     0x1000        0x0  r-xp   /bin/main\n"
		"            0x600000           0x602000     0x2000     0x1000  rw-p   /bin/main\n"
		"            0x602000           0x604000     0x2000   0x602000  rw-p   \n"
		"      0x7ffff7000000     0x7ffff7001000     0x1000        0x0  rwxs   "
		"/SYSV00000000 (deleted)\n");
}

static void annotated(void **state)
{
	(void)state;
	view.count = 2;
	maps_annotate(&view);
	assert_output("00400000-00401000 r-xp 00000000 fd:01 139198    /bin/main\ttext\n"
		      "00600000-00602000 rw-p 00001000 fd:01 139198    /bin/main\tdata\n");
}

static void other_sources_are_written_as_maps(void **state)
{
	(void)state;
	listing->row[1].text = NULL;
	listing->row[2].text = NULL;
	maps_annotate_line(&view, &listing->row[1]);
	text_char(&text, '\n');
	maps_annotate_line(&view, &listing->row[2]);
	assert_output("00600000-00602000 rw-p 00001000 fd:01 139198                             "
		      "/bin/main\n"
		      "00602000-00604000 rw-p 00000000 00:00 0 ");
}

static void groups(void **state)
{
	size_t count;
	struct maps_group *group = maps_group_make(&view, MAPS_GROUP_FILE, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_int_equal(group[0].count, 3);
	assert_int_equal(group[0].size, 20 << 10);
	assert_int_equal(group[0].code, 4 << 10);
	assert_int_equal(group[0].data, 16 << 10);
	assert_int_equal(group[0].bss, 8 << 10);
	assert_int_equal(group[1].other, 4 << 10);
	maps_group_csv(&view, group, count);
	assert_output("name,mappings,size,r--,r-x,rw-,other,bss,rss,pss,dirty,swap,live_bytes\n"
		      "/bin/main,3,20480,0,4096,16384,0,8192,12288,0,4096,0,\n"
		      "/SYSV00000000 (deleted),1,4096,0,0,0,4096,0,4096,0,4096,0,\n");
	free(group);
}

static void sentences(void **state)
{
	(void)state;
	maps_explain(&view);
	output[text.used] = 0;
	assert_non_null(strstr(output, "    4.0 KiB: Machine code of main; it may be read and "
				       "executed, not written, private: a page that is written "
				       "becomes a copy of its own; it begins 0 bytes into the "
				       "file, which is inode 139198 on device fd:01.\n"));
	assert_non_null(strstr(output, "(bss of main); it may be read and written, not executed, "
				       "private; its inode is 0, because it is memory without a "
				       "file; what stands as its offset is an address, as old "
				       "kernels have it for memory without a file.\n"));
	assert_non_null(strstr(output, "System V shared memory (shmget() and shmat()); it may be "
				       "read, WRITTEN AND EXECUTED, so whoever can write there "
				       "can run code, shared with whoever maps it"));
}

static void fields_of_csv(void **state)
{
	(void)state;
	maps_csv_field(&text, "plain", 5);
	text_char(&text, '|');
	maps_csv_field(&text, "a,b", 3);
	text_char(&text, '|');
	maps_csv_field(&text, "\"\n\"", 3);
	text_char(&text, '|');
	maps_csv_field(&text, "", 0);
	assert_output("plain|\"a,b\"|\"\"\"\\x0a\"\"\"|");
}

#define form_test(name) cmocka_unit_test_setup_teardown(name, make_view, free_view)

int main(void)
{
	const struct CMUnitTest tests[] = {
		form_test(table),
		form_test(each_kind_has_a_sentence),
		form_test(colours_end_where_they_begin),
		form_test(pmap_x),
		form_test(extended_leaves_some_out),
		form_test(extended_with_all),
		form_test(gdb_wide),
		form_test(annotated),
		form_test(other_sources_are_written_as_maps),
		form_test(groups),
		form_test(sentences),
		form_test(fields_of_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
