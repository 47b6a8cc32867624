/* Guard pages that maps does not show: from flags, from this very process, and from kernels that
 * have none. */
#include "fixture.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "listing_guards.h"
#include "listing_live.h"

enum { GUARD_INSTALL = 102 }; /* include/uapi/asm-generic/mman-common.h, Linux 6.13 */

static void releases(void **state)
{
	(void)state;
	assert_true(listing_guards_impossible("6.12.3-amd64"));
	assert_true(listing_guards_impossible("5.10.0"));
	assert_true(listing_guards_impossible("3.10.0-1160.el7"));
	assert_false(listing_guards_impossible("6.13.0"));
	assert_false(listing_guards_impossible("6.18.44-fc"));
	assert_false(listing_guards_impossible("7.0"));
	assert_false(listing_guards_impossible("who knows"));
}

static struct listing *parsed(const char *text)
{
	const struct listing_how how = {0};
	struct listing_fault fault = {0};
	struct listing *listing = NULL;

	assert_int_equal(listing_parse(strdup(text), strlen(text), &how, &listing, &fault), 0);
	return listing;
}

static void flags_of_smaps(void **state)
{
	struct listing *listing =
		parsed("00400000-00402000 rw-p 00000000 00:00 0 \nVmFlags: rd wr gu \n"
		       "00500000-00501000 rw-p 00000000 00:00 0 \nVmFlags: rd wr \n");

	(void)state;
	listing_guards_find(listing);
	assert_true(listing->known & LISTING_GUARDS);
	assert_true(listing->row[0].guards);
	assert_int_equal(listing->row[0].guard_bytes, 0);
	assert_false(listing->row[1].guards);
	listing_free(listing);
}

static void maps_says_nothing(void **state)
{
	struct listing *listing = parsed("00400000-00402000 rw-p 00000000 00:00 0 \n");

	(void)state;
	listing_guards_find(listing);
	assert_false(listing->known & LISTING_GUARDS);
	assert_false(listing->row[0].guards);
	listing_free(listing);
}

static const struct listing_row *row_of(const struct listing *listing, const void *address)
{
	const struct listing_row *row = listing_find(listing, (uintptr_t)address);

	assert_non_null(row);
	return row;
}

/* 40 guards with a page between each two: more than one answer of the kernel's holds. */
static void this_process(void **state)
{
	const int both = PROT_READ | PROT_WRITE;
	char *memory = mmap(NULL, 100 << 12, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct listing *listing = NULL;
	bool can = true;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	for (int i = 0; i < 40 && can; i++)
		can = !madvise(memory + (2 * i + 1) * 4096, 4096, GUARD_INSTALL);
	assert_int_equal(listing_live(getpid(), false, &listing), 0);
	listing_guards_find(listing);
	if (can && listing->known & LISTING_GUARDS)
		assert_int_equal(row_of(listing, memory)->guard_bytes, 40 * 4096);
	assert_false(row_of(listing, &listing)->guards);
	listing_free(listing);
	munmap(memory, 100 << 12);
	if (!can)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases),
		cmocka_unit_test(flags_of_smaps),
		cmocka_unit_test(maps_says_nothing),
		cmocka_unit_test(this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
