#include "fixture.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "maps.h"
#include "smaps.h"

static enum smaps_kind read_line(const char *line, struct smaps *out)
{
	return smaps_line(line, strlen(line), out);
}

/* Every key of Linux 6.18, each with another value. */
static const struct {
	const char *line;
	size_t field;
	uint64_t value;
} keys[] = {
	{"Size:                  1 kB", offsetof(struct smaps, size), 1024},
	{"KernelPageSize:        2 kB", offsetof(struct smaps, kernel_page_size), 2048},
	{"MMUPageSize:           3 kB", offsetof(struct smaps, mmu_page_size), 3072},
	{"Rss:                   4 kB", offsetof(struct smaps, rss), 4096},
	{"Pss:                   5 kB", offsetof(struct smaps, pss), 5120},
	{"Pss_Dirty:             6 kB", offsetof(struct smaps, pss_dirty), 6144},
	{"Pss_Anon:              7 kB", offsetof(struct smaps, pss_anon), 7168},
	{"Pss_File:              8 kB", offsetof(struct smaps, pss_file), 8192},
	{"Pss_Shmem:             9 kB", offsetof(struct smaps, pss_shmem), 9216},
	{"Shared_Clean:         10 kB", offsetof(struct smaps, shared_clean), 10240},
	{"Shared_Dirty:         11 kB", offsetof(struct smaps, shared_dirty), 11264},
	{"Private_Clean:        12 kB", offsetof(struct smaps, private_clean), 12288},
	{"Private_Dirty:        13 kB", offsetof(struct smaps, private_dirty), 13312},
	{"Referenced:           14 kB", offsetof(struct smaps, referenced), 14336},
	{"Anonymous:            15 kB", offsetof(struct smaps, anonymous), 15360},
	{"KSM:                  16 kB", offsetof(struct smaps, ksm), 16384},
	{"LazyFree:             17 kB", offsetof(struct smaps, lazyfree), 17408},
	{"AnonHugePages:        18 kB", offsetof(struct smaps, anon_huge), 18432},
	{"ShmemPmdMapped:       19 kB", offsetof(struct smaps, shmem_pmd), 19456},
	{"FilePmdMapped:        20 kB", offsetof(struct smaps, file_pmd), 20480},
	{"Shared_Hugetlb:       21 kB", offsetof(struct smaps, shared_hugetlb), 21504},
	{"Private_Hugetlb:      22 kB", offsetof(struct smaps, private_hugetlb), 22528},
	{"Swap:                 23 kB", offsetof(struct smaps, swap), 23552},
	{"SwapPss:              24 kB", offsetof(struct smaps, swap_pss), 24576},
	{"Locked:               25 kB", offsetof(struct smaps, locked), 25600},
	{"THPeligible:           1", offsetof(struct smaps, thp_eligible), 1},
	{"ProtectionKey:         3", offsetof(struct smaps, protection_key), 3},
};

static void each_key_fills_its_own_field_in_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct smaps got, expected;
		memset(&got, 0, sizeof(got));
		memset(&expected, 0, sizeof(expected));
		memcpy((char *)&expected + keys[i].field, &keys[i].value, sizeof(uint64_t));
		assert_int_equal(read_line(keys[i].line, &got), SMAPS_KEY);
		assert_memory_equal(&got, &expected, sizeof(got));
	}
}

static void maps_line_is_the_header_of_the_next_mapping(void **state)
{
	struct smaps smaps = {.rss = 1};

	(void)state;
	assert_int_equal(read_line("7f00-8000 rw-p 00000000 00:00 0 ", &smaps), SMAPS_HEADER);
	assert_int_equal(
		read_line("abcd-bbcd r--p 00000000 fd:01 7 /x: y kB", &smaps), SMAPS_HEADER);
	assert_int_equal(read_line("00400000-7ffe0000 ---p 00000000 00:00 0   [rollup]", &smaps),
		SMAPS_HEADER);
	assert_int_equal(smaps.rss, 1);
}

static void keys_of_other_kernels_are_passed_over(void **state)
{
	struct smaps smaps = {.rss = 1}, before = smaps;

	(void)state;
	assert_int_equal(read_line("NewThing:             77 kB", &smaps), SMAPS_UNKNOWN_KEY);
	assert_int_equal(read_line("Rss2:                 77 kB", &smaps), SMAPS_UNKNOWN_KEY);
	assert_int_equal(read_line("Rs:                   77 kB", &smaps), SMAPS_UNKNOWN_KEY);
	assert_int_equal(read_line("Anon_Huge_1G: whatever", &smaps), SMAPS_UNKNOWN_KEY);
	assert_memory_equal(&smaps, &before, sizeof(smaps));
}

static void damaged_lines_change_nothing(void **state)
{
	static const char *const lines[] = {"", "Rss", "Rss:", "Rss: kB", "Rss:        4",
		"Rss:        4 MB", "Rss:        4 kB ", "Rss:       -4 kB", "Rss:      0x4 kB",
		"Rss:        4kB", ":  4 kB", "R s: 4 kB", "Rss: 18014398509481984 kB",
		"Rss: 99999999999999999999 kB", "THPeligible: 1 kB", "7f00-8000 rw-p",
		"7f00-6000 rw-p 00000000 00:00 0", "\xff: 4 kB"};
	struct smaps smaps = {.rss = 1}, before = smaps;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_int_equal(read_line(lines[i], &smaps), SMAPS_DAMAGED);
		assert_memory_equal(&smaps, &before, sizeof(smaps));
	}
}

static void largest_size_is_read_without_overflow(void **state)
{
	struct smaps smaps;

	(void)state;
	assert_int_equal(read_line("Rss: 18014398509481983 kB", &smaps), SMAPS_KEY);
	assert_true(smaps.rss == UINT64_MAX - 1023);
}

static void line_is_not_read_behind_its_length(void **state)
{
	static const char text[] = "Private_Dirty:        13 kB";
	struct smaps smaps;

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		char *exact = malloc(length ? length : 1);
		memcpy(exact, text, length);
		enum smaps_kind expected = length == sizeof(text) - 1 ? SMAPS_KEY : SMAPS_DAMAGED;
		assert_int_equal(smaps_line(exact, length, &smaps), expected);
		free(exact);
	}
}

static void flags_are_found_as_words(void **state)
{
	struct smaps smaps;

	(void)state;
	assert_int_equal(read_line("VmFlags: rd wr mr mw me ac gu ", &smaps), SMAPS_KEY);
	assert_string_equal(smaps.vm_flags, "rd wr mr mw me ac gu");
	assert_true(smaps_flag(&smaps, "rd"));
	assert_true(smaps_flag(&smaps, "me"));
	assert_true(smaps_flag(&smaps, "gu"));
	assert_false(smaps_flag(&smaps, "ht"));
	assert_false(smaps_flag(&smaps, "r"));
	assert_false(smaps_flag(&smaps, "d "));
	assert_false(smaps_flag(&smaps, "rd wr"));
	assert_false(smaps_flag(&smaps, ""));
}

static void no_flags_are_no_damage(void **state)
{
	struct smaps smaps;

	(void)state;
	assert_int_equal(read_line("VmFlags: ", &smaps), SMAPS_KEY);
	assert_string_equal(smaps.vm_flags, "");
	assert_int_equal(read_line("VmFlags:", &smaps), SMAPS_KEY);
	assert_false(smaps_flag(&smaps, "rd"));
}

static void sixty_four_flags_fit_and_more_are_damage(void **state)
{
	char text[400] = "VmFlags:";
	struct smaps smaps;

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		sprintf(text + strlen(text), " %c%c", 'a' + i / 26, 'a' + i % 26);
	assert_int_equal(read_line(text, &smaps), SMAPS_KEY);
	assert_int_equal(strlen(smaps.vm_flags), 64 * 3 - 1);
	assert_true(smaps_flag(&smaps, "cl"));
	strcat(text, " zz zz zz");
	assert_int_equal(read_line(text, &smaps), SMAPS_DAMAGED);
}

/* Reads this process's own smaps; returns the entry that starts at address. */
static struct smaps own_entry(const void *address, unsigned *unknown)
{
	struct smaps now, found;
	struct maps_line header;
	bool ours = false;

	memset(&found, 0, sizeof(found));
	memset(&now, 0, sizeof(now));
	for (char *rest = fixture_read("/proc/self/smaps"), *text; (text = fixture_line(&rest));) {
		enum smaps_kind kind = read_line(text, &now);
		assert_int_not_equal(kind, SMAPS_DAMAGED);
		*unknown += kind == SMAPS_UNKNOWN_KEY;
		if (kind == SMAPS_HEADER) {
			assert_int_equal(maps_parse(text, strlen(text), &header, NULL), 0);
			ours = header.start == (uintptr_t)address;
			memset(&now, 0, sizeof(now));
		} else if (ours) {
			found = now;
		}
	}
	return found;
}

static void kernel_tells_of_a_mapping_what_was_done_to_it(void **state)
{
	enum { PAGE = 4096, PAGES = 10, TOUCHED = 3 };
	unsigned unknown = 0;
	char *at =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(at, MAP_FAILED);
	for (int i = 0; i < TOUCHED; i++)
		at[i * PAGE] = 1;
	struct smaps smaps = own_entry(at, &unknown);
	assert_int_equal(smaps.size, PAGES * PAGE);
	assert_int_equal(smaps.rss, TOUCHED * PAGE);
	assert_int_equal(smaps.pss, TOUCHED * PAGE);
	assert_int_equal(
		smaps.private_dirty + smaps.private_clean + smaps.shared_dirty + smaps.shared_clean,
		TOUCHED * PAGE);
	assert_int_equal(smaps.kernel_page_size, PAGE);
	assert_true(
		smaps_flag(&smaps, "rd") && smaps_flag(&smaps, "wr") && smaps_flag(&smaps, "sh"));
	assert_false(smaps_flag(&smaps, "ex"));
	munmap(at, PAGES * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_fills_its_own_field_in_bytes),
		cmocka_unit_test(maps_line_is_the_header_of_the_next_mapping),
		cmocka_unit_test(keys_of_other_kernels_are_passed_over),
		cmocka_unit_test(damaged_lines_change_nothing),
		cmocka_unit_test(largest_size_is_read_without_overflow),
		cmocka_unit_test(line_is_not_read_behind_its_length),
		cmocka_unit_test(flags_are_found_as_words),
		cmocka_unit_test(no_flags_are_no_damage),
		cmocka_unit_test(sixty_four_flags_fit_and_more_are_damage),
		cmocka_unit_test(kernel_tells_of_a_mapping_what_was_done_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
