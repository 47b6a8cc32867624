#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "apart.h"
#include "config.h"
#include "heirs.h"

enum { MOST = 4096, MARK = 0x5a };

/* Built in memory of just the size asked for, with a mark behind it. */
static char **build(char *const *environment)
{
	static char memory[MOST] __attribute__((aligned(8)));
	size_t size = heirs_size(environment);
	char **out;

	assert_in_range(size, sizeof(char *), MOST - 1);
	memset(memory, MARK, sizeof memory);
	out = heirs_environment(environment, memory);
	for (size_t i = size; i < sizeof memory; i++)
		assert_int_equal(memory[i], MARK);
	assert_ptr_equal(out, memory);
	return out;
}

static void assert_becomes(const char *entry, const char *wanted)
{
	char *environment[] = {(char *)(uintptr_t)entry, NULL};
	char **out = build(environment);

	if (!wanted) {
		assert_null(out[0]);
		return;
	}
	assert_string_equal(out[0], wanted);
	assert_null(out[1]);
}

static void our_entry_leaves_the_list(void **state)
{
	(void)state;
	assert_becomes("LD_PRELOAD=libvmatlas.so", NULL);
	assert_becomes("LD_PRELOAD=/usr/local/lib/libvmatlas.so", NULL);
	assert_becomes("LD_PRELOAD=./libvmatlas.so.0.1", NULL);
	assert_becomes("LD_PRELOAD=:libvmatlas.so: ", NULL);
	assert_becomes("LD_PRELOAD=a.so:/x/libvmatlas.so:b.so", "LD_PRELOAD=a.so:b.so");
	assert_becomes("LD_PRELOAD=/x/libvmatlas.so a.so  b.so", "LD_PRELOAD=a.so:b.so");
	assert_becomes("LD_PRELOAD=a.so b.so libvmatlas.so", "LD_PRELOAD=a.so:b.so");
	assert_becomes("LD_PRELOAD=libvmatlas.so:a.so:libvmatlas.so", "LD_PRELOAD=a.so");
	assert_becomes(
		"LD_PRELOAD=/libvmatlas.so/a.so libvmatlas.so", "LD_PRELOAD=/libvmatlas.so/a.so");
}

static void a_list_without_us_stays_as_it_is(void **state)
{
	(void)state;
	assert_becomes("LD_PRELOAD=", "LD_PRELOAD=");
	assert_becomes("LD_PRELOAD= a.so :b.so", "LD_PRELOAD= a.so :b.so");
	assert_becomes("LD_PRELOAD=notlibvmatlas.so", "LD_PRELOAD=notlibvmatlas.so");
	assert_becomes("LD_PRELOAD=libvmatlas.s", "LD_PRELOAD=libvmatlas.s");
	assert_becomes("LD_PRELOAD=libvmatlas.so/", "LD_PRELOAD=libvmatlas.so/");
	assert_becomes("LD_PRELOADED=libvmatlas.so", "LD_PRELOADED=libvmatlas.so");
	assert_becomes("LD_PRELOAD", "LD_PRELOAD");
}

static void our_variables_leave_and_others_stay_in_order(void **state)
{
	char *environment[] = {"A=1", "VMATLAS_EXIT=1", "LD_PRELOAD=x.so libvmatlas.so",
		"VMATLASX=2", "no equals sign", "", "VMATLAS_", "A=1", NULL};
	char **out = build(environment);

	(void)state;
	assert_ptr_equal(out[0], environment[0]);
	assert_string_equal(out[1], "LD_PRELOAD=x.so");
	for (int i = 2; i < 5; i++)
		assert_ptr_equal(out[i], environment[i + 1]);
	assert_ptr_equal(out[5], environment[7]);
	assert_null(out[6]);
}

/* Some programs set a variable twice; each of the lists is read by somebody. */
static void every_list_is_cleaned(void **state)
{
	char *environment[] = {"LD_PRELOAD=a:libvmatlas.so", "LD_PRELOAD=libvmatlas.so:b", NULL};
	char **out = build(environment);

	(void)state;
	assert_string_equal(out[0], "LD_PRELOAD=a");
	assert_string_equal(out[1], "LD_PRELOAD=b");
	assert_null(out[2]);
}

static void no_environment_is_an_empty_one(void **state)
{
	char *none[] = {NULL};

	(void)state;
	assert_null(build(NULL)[0]);
	assert_null(build(none)[0]);
}

static void ask_for_children(const void *entry)
{
	char *environment[] = {(char *)(uintptr_t)entry, NULL};

	config_boot(environment);
	CHECK(heirs_disinherit() == (strcmp(entry, "VMATLAS_CHILDREN=0") == 0));
}

static void only_children_0_disinherits(void **state)
{
	(void)state;
	assert_int_equal(apart(ask_for_children, "VMATLAS_CHILDREN=0"), 0);
	assert_int_equal(apart(ask_for_children, "VMATLAS_CHILDREN=1"), 0);
	assert_int_equal(apart(ask_for_children, "VMATLAS_CHILDREN="), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_entry_leaves_the_list),
		cmocka_unit_test(a_list_without_us_stays_as_it_is),
		cmocka_unit_test(our_variables_leave_and_others_stay_in_order),
		cmocka_unit_test(every_list_is_cleaned),
		cmocka_unit_test(no_environment_is_an_empty_one),
		cmocka_unit_test(only_children_0_disinherits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
