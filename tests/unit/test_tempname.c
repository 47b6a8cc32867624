/* Names for what is there only for a while. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tempname.h"

static void in_the_folder_asked_for(void **state)
{
	char path[64];

	(void)state;
	setenv("TMPDIR", "/some/where", 1);
	assert_int_equal(tempname(path, sizeof path, "stem"), 0);
	assert_string_equal(path, "/some/where/stem.XXXXXX");
}

static void else_in_the_usual_one(void **state)
{
	char path[64];

	(void)state;
	unsetenv("TMPDIR");
	assert_int_equal(tempname(path, sizeof path, "stem"), 0);
	assert_string_equal(path, "/tmp/stem.XXXXXX");
	setenv("TMPDIR", "", 1);
	assert_int_equal(tempname(path, sizeof path, "stem"), 0);
	assert_string_equal(path, "/tmp/stem.XXXXXX");
}

static void none_that_is_cut(void **state)
{
	char path[sizeof "/some/where/stem.XXXXXX"];

	(void)state;
	setenv("TMPDIR", "/some/where", 1);
	assert_int_equal(tempname(path, sizeof path, "stem"), 0);
	assert_int_equal(tempname(path, sizeof path - 1, "stem"), ENAMETOOLONG);
	assert_string_equal(path, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_folder_asked_for),
		cmocka_unit_test(else_in_the_usual_one),
		cmocka_unit_test(none_that_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
