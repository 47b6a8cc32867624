#include "fixture.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "kind.h"

enum { MOST = 4096 };

/* A listing taken apart: lines point into its text. */
struct listing {
	struct maps_line lines[MOST];
	enum kind kinds[MOST];
	size_t count;
};

static struct listing *classify(char *text)
{
	static struct listing listing;
	struct kind_context context = {.next = NULL};
	char *line;

	listing.count = 0;
	while ((line = fixture_line(&text))) {
		assert_true(listing.count < MOST);
		if (maps_parse(line, strlen(line), &listing.lines[listing.count], NULL))
			fail_msg("damaged: %s", line);
		listing.count++;
	}
	for (size_t i = 0; i < listing.count; i++) {
		const struct maps_line *next = i + 1 < listing.count ? &listing.lines[i + 1] : NULL;
		listing.kinds[i] = kind_next(&context, &listing.lines[i], next);
	}
	return &listing;
}

/* What a failing comparison belongs to, where one test has many. */
static const char *scene = "";

/* expected is the words, one per line of the listing, with spaces between. */
static void assert_kinds(const struct listing *listing, const char *expected)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct maps_line *line = &listing->lines[i];
		const char *name = kind_name(listing->kinds[i]);
		size_t length = strcspn(expected, " ");
		if (strlen(name) != length || memcmp(name, expected, length) != 0)
			fail_msg("%s: line %zu, %llx %.*s: %s, not %.*s", scene, i + 1,
				(unsigned long long)line->start, (int)line->path_length, line->path,
				name, (int)length, expected);
		expected += length;
		expected += *expected == ' ';
	}
	assert_string_equal(expected, "");
}

static void assert_text(const char *text, const char *expected)
{
	char *copy = strdup(text);

	assert_kinds(classify(copy), expected);
	free(copy);
}

static void assert_fixture(const char *path, const char *expected)
{
	assert_kinds(classify(fixture_read(path)), expected);
}

static void fixtures_get_the_kinds_a_person_would_give(void **state)
{
	(void)state;
	assert_fixture("tests/fixtures/x86_64-cat.maps",
		"rodata text rodata relro data heap file "
		"rodata text rodata relro data bss anon "
		"rodata text rodata relro data bss main-stack vvar vdso vsyscall");
	assert_fixture("tests/fixtures/x86_64-centos7-main.maps",
		"text relro data heap text padding relro data bss "
		"text anon anon relro data bss main-stack vdso vsyscall");
	assert_fixture("tests/fixtures/x86_64-ls.maps",
		"rodata text rodata data heap rodata text rodata "
		"data bss main-stack vvar vdso vsyscall");
	assert_fixture("tests/fixtures/i386-hello.maps",
		"rodata text rodata relro data heap rodata text rodata padding relro data bss "
		"anon vvar vdso rodata text rodata relro data main-stack");
	assert_fixture("tests/fixtures/i386-busybox.maps",
		"rodata text rodata relro data rodata text rodata relro data bss "
		"rodata text rodata relro data bss vvar vdso rodata text rodata relro data "
		"main-stack");
}

/* S20: the pasted 2.6 listing as its kernel wrote it, READ_IMPLIES_EXEC in the libraries. */
static void linux_2_6_listing_gets_its_kinds(void **state)
{
	(void)state;
	assert_text("001f7000-00212000 r-xp 00000000 fd:00 2719760    /lib/ld-2.5.so\n"
		    "00212000-00213000 r-xp 0001a000 fd:00 2719760    /lib/ld-2.5.so\n"
		    "00213000-00214000 rwxp 0001b000 fd:00 2719760    /lib/ld-2.5.so\n"
		    "00214000-0036b000 r-xp 00000000 fd:00 2719767    /lib/libc-2.5.so\n"
		    "0036b000-0036d000 r-xp 00157000 fd:00 2719767    /lib/libc-2.5.so\n"
		    "0036d000-0036e000 rwxp 00159000 fd:00 2719767    /lib/libc-2.5.so\n"
		    "0036e000-00371000 rwxp 0036e000 00:00 0\n"
		    "0054f000-00565000 r-xp 00000000 fd:00 2719791    /lib/libpthread-2.5.so\n"
		    "00565000-00566000 r-xp 00015000 fd:00 2719791    /lib/libpthread-2.5.so\n"
		    "00566000-00567000 rwxp 00016000 fd:00 2719791    /lib/libpthread-2.5.so\n"
		    "00567000-00569000 rwxp 00567000 00:00 0\n"
		    "006f5000-006f6000 r-xp 006f5000 00:00 0          [vdso]\n"
		    "08048000-08049000 r-xp 00000000 fd:00 3145810    /home/lijz/code/pthread\n"
		    "08049000-0804a000 rw-p 00000000 fd:00 3145810    /home/lijz/code/pthread\n"
		    "08c50000-08c71000 rw-p 08c50000 00:00 0          [heap]\n"
		    "b75d7000-b75d8000 ---p b75d7000 00:00 0\n"
		    "b75d8000-b7fda000 rw-p b75d8000 00:00 0\n"
		    "b7fe4000-b7fe5000 rw-p b7fe4000 00:00 0\n"
		    "bf987000-bf99c000 rw-p bffea000 00:00 0          [stack]\n",
		"text relro data text relro data bss text relro data bss vdso text data heap "
		"guard thread-stack anon main-stack");
}

static void two_thread_stacks_above_each_other_keep_their_guards(void **state)
{
	(void)state;
	assert_text("76b16000-b6b17000 rw-p 76b16000 00:00 0\n"
		    "b6b17000-b6b18000 ---p b6b17000 00:00 0\n"
		    "b6b18000-b7518000 rw-p b6b18000 00:00 0\n"
		    "b7518000-b7519000 ---p b7518000 00:00 0\n"
		    "b7519000-b7f1b000 rw-p b7519000 00:00 0\n",
		"anon guard thread-stack guard thread-stack");
}

static void markers_and_objects_are_told_by_name(void **state)
{
	static const struct {
		const char *line, *kind;
	} cases[] = {
		{"rw-p 00000000 00:00 0 [heap]", "heap"},
		{"rwxp 00000000 00:00 0 [heap]", "heap"},
		{"rw-p 00000000 00:00 0 [stack]", "main-stack"},
		{"rw-p 00000000 00:00 0 [stack:1234]", "thread-stack"},
		{"r-xp 00000000 00:00 0 [vdso]", "vdso"},
		{"r--p 00000000 00:00 0 [vvar]", "vvar"},
		{"r--p 00000000 00:00 0 [vvar_vclock]", "vvar"},
		{"--xp 00000000 00:00 0 [vsyscall]", "vsyscall"},
		{"rw-p 00000000 00:00 0 [anon:my pool]", "anon"},
		{"r-xp 00000000 00:00 0 [anon:code]", "jit"},
		{"---p 00000000 00:00 0 [anon:my pool]", "reserve"},
		{"rw-s 00000000 00:01 77 [anon_shmem:ring]", "shmem"},
		{"rw-p 00000000 00:00 0 [anon:vmatlas store]", "vmatlas"},
		{"---p 00000000 00:00 0 [anon:vmatlas store]", "vmatlas"},
		{"rw-p 00000000 00:00 0 [anon: glibc: malloc]", "malloc-mmap"},
		{"rw-p 00000000 00:00 0 [anon: glibc: malloc arena]", "arena"},
		{"rw-p 00000000 00:00 0 [anon: glibc: pthread stack: 4711]", "thread-stack"},
		{"rw-p 00000000 00:00 0 [anon: glibc: loader malloc]", "anon"},
		{"r-xp 00000000 00:00 0 [uprobes]", "other"},
		{"rw-p 00000000 00:00 0 [what Linux 9 brings]", "other"},
		{"rw-p 00000000 00:00 0 [", "other"},
		{"rw-s 00000000 00:01 1026 /dev/zero (deleted)", "shmem"},
		{"rw-p 00000000 00:05 6 /dev/zero", "anon"},
		{"rw-s 00000000 00:01 7 /memfd:pulse audio (deleted)", "memfd"},
		{"r-xs 00000000 00:01 7 /memfd:doublemapper (deleted)", "memfd"},
		{"rw-s 00000000 00:01 7 /memfd:vmatlas (deleted)", "vmatlas"},
		{"rw-s 00000000 00:01 0 /SYSV00000000 (deleted)", "sysv"},
		{"rw-s 00000000 00:01 98 /SYSV5a01beef (deleted)", "sysv"},
		{"rw-s 00000000 fd:01 98 /SYSV5a01beef", "file"},
		{"rw-s 00000000 fd:01 98 /SYSV5a/beef1 (deleted)", "file"},
		{"rw-p 00000000 00:0f 98 /anon_hugepage (deleted)", "hugetlb"},
		{"rw-s 00000000 00:15 98 /dev/hugepages/pool0", "hugetlb"},
		{"rw-s 00000000 00:15 98 /dev/shm/sem.x", "shmem"},
		{"rw-s 00000000 00:15 98 /dev/shm/gone (deleted)", "shmem"},
		{"rw-s 00000000 00:05 98 /dev/dri/card0", "device"},
		{"rw-s 00000000 00:05 98 /dev/nvidiactl", "device"},
		{"rw-s e0000000 00:16 98 /sys/devices/pci0000:00/resource0", "device"},
		{"rw-s 00000000 00:0b 98 anon_inode:[io_uring]", "other"},
		{"rw-s 00000000 00:08 98 socket:[4711]", "other"},
		{"rw-s 00000000 00:01 98 /[aio] (deleted)", "other"},
		{"r--s 00000000 fd:01 98 /usr/lib/gconv-modules.cache", "file"},
		{"r--p 00000000 fd:01 98 /usr/lib/locale/locale-archive", "file"},
		{"rw-p 00000000 fd:01 98 /var/lib/data base (deleted)", "file"},
		{"---p 00000000 fd:01 98 /var/lib/data", "reserve"},
		{"r-xp 00000000 fd:01 98 /lib/x.so (deleted)", "text"},
		{"rw-p 00000000 00:00 0", "anon"},
		{"r--p 00000000 00:00 0", "anon"},
		{"rwxp 00000000 00:00 0", "jit"},
		{"r-xp 00000000 00:00 0", "jit"},
		{"---p 00000000 00:00 0", "reserve"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "10000-20000 %s\n", cases[i].line);
		assert_text(text, cases[i].kind);
	}
}

static void guard_is_small_and_directly_below_writable_memory(void **state)
{
	static const struct {
		const char *text, *kinds;
	} cases[] = {
		{"10000-20000 ---p 0 0:0 0\n20000-90000 rw-p 0 0:0 0\n", "guard thread-stack"},
		{"10000-21000 ---p 0 0:0 0\n21000-90000 rw-p 0 0:0 0\n", "reserve anon"},
		{"10000-11000 ---p 0 0:0 0\n12000-90000 rw-p 0 0:0 0\n", "reserve anon"},
		{"10000-11000 ---p 0 0:0 0\n11000-90000 r--p 0 0:0 0\n", "reserve anon"},
		{"10000-11000 ---p 0 0:0 0\n11000-90000 rwxp 0 0:0 0\n", "reserve jit"},
		{"10000-11000 ---p 0 0:0 0\n11000-90000 rw-p 0 8:1 5 /a\n", "reserve file"},
		{"10000-11000 ---p 0 0:0 0\n11000-90000 rw-p 0 0:0 0 [stack:77]\n",
			"guard thread-stack"},
		{"10000-90000 rw-p 0 0:0 0\n90000-91000 ---p 0 0:0 0\n", "anon reserve"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_text(cases[i].text, cases[i].kinds);
}

static void arena_is_told_by_its_aligned_span(void **state)
{
	(void)state;
	assert_text("7f0000000000-7f0000021000 rw-p 0 0:0 0\n"
		    "7f0000021000-7f0004000000 ---p 0 0:0 0\n"
		    "7f0004000000-7f0007fff000 rw-p 0 0:0 0\n"
		    "7f0007fff000-7f0008000000 ---p 0 0:0 0\n" /* small, but no guard */
		    "7f0008000000-7f0008021000 rw-p 0 0:0 0\n"
		    "7f0008021000-7f000c000000 ---p 0 0:0 0\n",
		"arena reserve arena reserve arena reserve");
	assert_text(
		"7f0000001000-7f0000021000 rw-p 0 0:0 0\n7f0000021000-7f0004000000 ---p 0 0:0 0\n",
		"anon reserve");
	assert_text(
		"7f0000000000-7f0000021000 rw-p 0 0:0 0\n7f0000021000-7f0004001000 ---p 0 0:0 0\n",
		"anon reserve");
	/* 32 bits: 1 MiB. */
	assert_text("f6100000-f6121000 rw-p 0 0:0 0\nf6121000-f6200000 ---p 0 0:0 0\n",
		"arena reserve");
}

/* As printed by programs linked with these linkers and settings, one page per segment. */
static void elf_parts_are_told_in_each_linkers_layout(void **state)
{
	static const struct {
		const char *linker, *text, *kinds;
	} cases[] = {
		{"GNU ld, 2 MiB pages, through ld.so",
			"200000-201000 r--p 000000 8:1 5 /a.so\n201000-400000 ---p 001000 8:1 5 "
			"/a.so\n"
			"400000-401000 r-xp 200000 8:1 5 /a.so\n401000-600000 ---p 201000 8:1 5 "
			"/a.so\n"
			"600000-603000 r--p 400000 8:1 5 /a.so\n603000-9fe000 ---p 403000 8:1 5 "
			"/a.so\n"
			"9fe000-a00000 r--p 5fe000 8:1 5 /a.so\na00000-a02000 rw-p 600000 8:1 5 "
			"/a.so\n",
			"rodata padding text padding rodata padding relro data"},
		{"GNU ld, all data RELRO",
			"1000-2000 r--p 0000 8:1 5 /a.so\n2000-3000 r-xp 1000 8:1 5 /a.so\n"
			"3000-6000 r--p 2000 8:1 5 /a.so\n6000-8000 r--p 4000 8:1 5 /a.so\n",
			"rodata text rodata relro"},
		{"GNU ld, RELRO without a seam, by chance",
			"1000-2000 r--p 0000 8:1 5 /a.so\n2000-3000 r-xp 1000 8:1 5 /a.so\n"
			"3000-6000 r--p 2000 8:1 5 /a.so\n6000-8000 r--p 5000 8:1 5 /a.so\n"
			"8000-9000 rw-p 7000 8:1 5 /a.so\n",
			"rodata text rodata relro data"},
		{"GNU ld -z noseparate-code, all data RELRO",
			"1000-4000 r-xp 0000 8:1 5 /a.so\n4000-6000 r--p 2000 8:1 5 /a.so\n",
			"text relro"},
		{"GNU ld -z norelro",
			"1000-2000 r--p 0000 8:1 5 /a.so\n2000-3000 r-xp 1000 8:1 5 /a.so\n"
			"3000-6000 r--p 2000 8:1 5 /a.so\n6000-8000 rw-p 4000 8:1 5 /a.so\n"
			"8000-9000 rw-p 0000 0:0 0\n",
			"rodata text rodata data bss"},
		{"lld, a program within its first page",
			"201000-202000 r--p 0000 8:1 5 /a\n202000-203000 r-xp 0000 8:1 5 /a\n"
			"203000-204000 r--p 0000 8:1 5 /a\n204000-20a000 rw-p 0000 8:1 5 /a\n",
			"rodata text relro data"},
		{"lld, 2 MiB pages, through the kernel",
			"800000-801000 r--p 0000 8:1 5 /a\na00000-a01000 r-xp 0000 8:1 5 /a\n"
			"c00000-c01000 r--p 0000 8:1 5 /a\ne00000-e06000 rw-p 0000 8:1 5 /a\n",
			"rodata text relro data"},
		{"lld, a library",
			"1000-4000 r--p 0000 8:1 5 /a.so\n4000-5000 r-xp 2000 8:1 5 /a.so\n"
			"5000-7000 r--p 2000 8:1 5 /a.so\n7000-b000 rw-p 3000 8:1 5 /a.so\n",
			"rodata text relro data"},
		{"a library of data alone",
			"1000-9000 r--p 0000 8:1 5 /libicudata.so.72\n9000-a000 r--p 8000 8:1 5 "
			"/libicudata.so.72\n"
			"a000-b000 rw-p 9000 8:1 5 /libicudata.so.72\n",
			"rodata relro data"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		scene = cases[i].linker;
		assert_text(cases[i].text, cases[i].kinds);
	}
}

static void same_file_again_is_a_new_module_or_a_file(void **state)
{
	static const char once[] =
		"1000-2000 r--p 0000 8:1 5 /a.so\n2000-3000 r-xp 1000 8:1 5 /a.so\n"
		"3000-4000 r--p 2000 8:1 5 /a.so\n4000-5000 r--p 2000 8:1 5 /a.so\n"
		"5000-6000 rw-p 3000 8:1 5 /a.so\n";
	static const char twice[] =
		"6000-7000 r--p 0000 8:1 5 /a.so\n7000-8000 r-xp 1000 8:1 5 /a.so\n"
		"8000-9000 r--p 2000 8:1 5 /a.so\n9000-a000 r--p 2000 8:1 5 /a.so\n"
		"a000-b000 rw-p 3000 8:1 5 /a.so\n";
	static const char whole[] = "6000-a000 r--p 0000 8:1 5 /a.so\n";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s%s", once, twice);
	assert_text(text, "rodata text rodata relro data rodata text rodata relro data");
	snprintf(text, sizeof(text), "%s%s", once, whole);
	assert_text(text, "rodata text rodata relro data file");
}

static void other_mappings_within_a_module_do_not_end_it(void **state)
{
	(void)state;
	assert_text("1000-9000 r-xp 00000 8:1 5 /ld.so\n"
		    "10000-11000 r--s 0000 8:1 9 /gconv.cache\n"
		    "20000-21000 rw-p 0000 0:0 0\n"
		    "30000-31000 r--p 0000 8:1 8 /locale\n"
		    "41000-42000 r--p 9000 8:1 5 /ld.so\n"
		    "42000-43000 rw-p a000 8:1 5 /ld.so\n"
		    "43000-44000 rw-p 0000 0:0 0\n",
		"text file anon file relro data bss");
}

static void bss_lies_directly_behind_data(void **state)
{
	(void)state;
	assert_text(
		"1000-2000 r-xp 0 8:1 5 /a\n2000-3000 rw-p 1000 8:1 5 /a\n4000-5000 rw-p 0 0:0 0\n",
		"text data anon");
	assert_text(
		"1000-2000 r-xp 0 8:1 5 /a\n2000-3000 rw-p 1000 8:1 5 /a\n3000-5000 rwxp 0 0:0 0\n",
		"text data jit");
	assert_text(
		"1000-2000 r-xp 0 8:1 5 /a\n2000-3000 rw-p 1000 8:1 5 /a\n3000-5000 r--p 0 0:0 0\n",
		"text data anon");
	assert_text("2000-3000 rw-p 1000 8:1 5 /data\n3000-5000 rw-p 0 0:0 0\n", "file anon");
}

static void program_headers_end_all_guessing(void **state)
{
	struct kind_segments segments = {.relro_start = 0x4000,
		.relro_end = 0x6000,
		.data_start = 0x4000,
		.data_end = 0x9000};
	static const struct {
		const char *line, *kind;
	} cases[] = {
		{"1000-2000 r--p 0000 8:1 5 /a", "rodata"},
		{"2000-3000 r-xp 1000 8:1 5 /a", "text"},
		{"3000-4000 ---p 2000 8:1 5 /a", "padding"},
		{"3000-4000 r--p 2000 8:1 5 /a", "rodata"},
		{"4000-6000 r--p 3000 8:1 5 /a", "relro"},
		{"6000-7000 rw-p 5000 8:1 5 /a", "data"},
		{"8000-9000 rw-p 0000 0:0 0", "bss"},
		{"9000-a000 rw-p 0000 0:0 0", "anon"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kind_context context = {.segments = &segments};
		struct maps_line line;
		context.before.end = 0x9000;
		context.before.kind = KIND_DATA;
		assert_int_equal(maps_parse(cases[i].line, strlen(cases[i].line), &line, NULL), 0);
		assert_string_equal(kind_name(kind_of(&line, &context)), cases[i].kind);
	}
}

static void smaps_tells_hugetlb_wherever_it_is_mounted(void **state)
{
	struct smaps huge = {.vm_flags = "rd wr ht"}, plain = {.vm_flags = "rd wr"};

	(void)state;
	assert_int_equal(kind_refine(KIND_FILE, &huge), KIND_HUGETLB);
	assert_int_equal(kind_refine(KIND_ANON, &huge), KIND_HUGETLB);
	assert_int_equal(kind_refine(KIND_SYSV, &huge), KIND_SYSV);
	assert_int_equal(kind_refine(KIND_FILE, &plain), KIND_FILE);
}

static void names_lead_there_and_back(void **state)
{
	enum kind kind = KIND_TEXT;

	(void)state;
	for (int i = 0; i < KIND_COUNT; i++) {
		assert_true(kind_name((enum kind)i)[0] != 0);
		assert_true(kind_find(kind_name((enum kind)i), &kind));
		assert_int_equal(kind, i);
	}
	assert_string_equal(kind_name(KIND_MALLOC_MMAP), "malloc-mmap");
	assert_string_equal(kind_name(KIND_COUNT), "other");
	assert_string_equal(kind_name((enum kind) - 1), "other");
	kind = KIND_JIT;
	assert_false(kind_find("texts", &kind));
	assert_false(kind_find("", &kind));
	assert_int_equal(kind, KIND_JIT);
	assert_true(kind_is_elf(KIND_TEXT) && kind_is_elf(KIND_PADDING) && kind_is_elf(KIND_BSS));
	assert_false(kind_is_elf(KIND_HEAP) || kind_is_elf(KIND_OTHER) || kind_is_elf(KIND_FILE));
}

/* What the program headers say of a mapping of a file. */
struct question {
	const struct maps_line *line;
	enum kind answer;
};

static uint64_t page_down(uint64_t address)
{
	return address & ~(uint64_t)(getpagesize() - 1);
}

static bool in_header(const ElfW(Phdr) * header, uint64_t base, uint64_t address)
{
	uint64_t start = base + header->p_vaddr;

	return address >= page_down(start) && address < start + header->p_memsz;
}

static int answer_from_headers(struct dl_phdr_info *info, size_t size, void *context)
{
	struct question *question = context;
	uint64_t address = question->line->start;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		if (header->p_type != PT_LOAD || !in_header(header, info->dlpi_addr, address))
			continue;
		question->answer = header->p_flags & PF_X        ? KIND_TEXT
				   : !(header->p_flags & PF_W)   ? KIND_RODATA
				   : question->line->path_length ? KIND_DATA
								 : KIND_BSS;
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t end = page_down(info->dlpi_addr + header->p_vaddr + header->p_memsz);
		if (header->p_type == PT_GNU_RELRO && address < end &&
			in_header(header, info->dlpi_addr, address))
			question->answer = KIND_RELRO;
	}
	return 0;
}

/* S11 to S13: what was told from lines alone is what ld.so read in the files. */
static void own_modules_have_the_parts_their_program_headers_say(void **state)
{
	struct listing *listing = classify(fixture_read("/proc/self/maps"));
	unsigned parts = 0;

	(void)state;
	for (size_t i = 0; i < listing->count; i++) {
		struct question question = {.line = &listing->lines[i], .answer = KIND_OTHER};
		enum kind kind = listing->kinds[i];
		if (kind == KIND_PADDING || kind == KIND_HEAP || kind == KIND_VDSO)
			continue;
		dl_iterate_phdr(answer_from_headers, &question);
		if (question.answer != KIND_OTHER)
			assert_string_equal(kind_name(kind), kind_name(question.answer));
		else /* what begins where data end by chance looks like their .bss */
			assert_true(!kind_is_elf(kind) || kind == KIND_BSS);
		parts += question.answer != KIND_OTHER;
	}
	assert_true(parts >= 15); /* this program, libc, ld.so, five each */
}

static enum kind own_kind(const void *address)
{
	struct listing *listing = classify(fixture_read("/proc/self/maps"));

	for (size_t i = 0; i < listing->count; i++)
		if ((uintptr_t)address >= listing->lines[i].start &&
			(uintptr_t)address < listing->lines[i].end)
			return listing->kinds[i];
	return KIND_COUNT;
}

/* S8: each made here, found in this process's maps. */
static void memory_made_here_has_the_kind_it_was_made_as(void **state)
{
	const int rw = PROT_READ | PROT_WRITE;
	void *shared = mmap(NULL, 4096, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("x", 0), id = shmget(IPC_PRIVATE, 4096, 0600);
	char local = 0;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	void *memfd = mmap(NULL, 4096, rw, MAP_SHARED, fd, 0);
	void *sysv = shmat(id, NULL, 0);
	void *code = mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *kept = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_string_equal(kind_name(own_kind(shared)), "shmem");
	assert_string_equal(kind_name(own_kind(memfd)), "memfd");
	assert_string_equal(kind_name(own_kind(sysv)), "sysv");
	assert_string_equal(kind_name(own_kind(code)), "jit");
	assert_string_equal(kind_name(own_kind(kept)), "reserve");
	assert_string_equal(kind_name(own_kind(&local)), "main-stack");
	assert_string_equal(kind_name(own_kind(sbrk(0) - 1)), "heap");
	shmctl(id, IPC_RMID, NULL);
	shmdt(sysv);
	close(fd);
	munmap(shared, 4096);
	munmap(memfd, 4096);
	munmap(code, 4096);
	munmap(kept, 1 << 20);
}

static void *look_around(void *context)
{
	enum kind *kinds = context;
	char local = 0, *block = malloc(1000);

	kinds[0] = own_kind(&local);
	kinds[1] = own_kind(block);
	free(block);
	return NULL;
}

/* S15 and S17: a thread's stack, and that its malloc is in an arena. */
static void thread_stack_and_arena_are_told_from_lines(void **state)
{
	enum kind kinds[2] = {KIND_COUNT, KIND_COUNT};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, look_around, kinds), 0);
	pthread_join(thread, NULL);
	assert_string_equal(kind_name(kinds[0]), "thread-stack");
	assert_string_equal(kind_name(kinds[1]), "arena");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_get_the_kinds_a_person_would_give),
		cmocka_unit_test(linux_2_6_listing_gets_its_kinds),
		cmocka_unit_test(two_thread_stacks_above_each_other_keep_their_guards),
		cmocka_unit_test(markers_and_objects_are_told_by_name),
		cmocka_unit_test(guard_is_small_and_directly_below_writable_memory),
		cmocka_unit_test(arena_is_told_by_its_aligned_span),
		cmocka_unit_test(elf_parts_are_told_in_each_linkers_layout),
		cmocka_unit_test(same_file_again_is_a_new_module_or_a_file),
		cmocka_unit_test(other_mappings_within_a_module_do_not_end_it),
		cmocka_unit_test(bss_lies_directly_behind_data),
		cmocka_unit_test(program_headers_end_all_guessing),
		cmocka_unit_test(smaps_tells_hugetlb_wherever_it_is_mounted),
		cmocka_unit_test(names_lead_there_and_back),
		cmocka_unit_test(own_modules_have_the_parts_their_program_headers_say),
		cmocka_unit_test(memory_made_here_has_the_kind_it_was_made_as),
		cmocka_unit_test(thread_stack_and_arena_are_told_from_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
