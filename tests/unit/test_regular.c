#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "regular.h"

static char folder[] = "/tmp/test_regular.XXXXXX", fifo[64], file[64];

static int set_up(void **state)
{
	FILE *out;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	snprintf(file, sizeof(file), "%s/file", folder);
	out = fopen(file, "w");
	return !out || fputs("x", out) < 0 || fclose(out) || mkfifo(fifo, 0600) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(fifo) || unlink(file) || rmdir(folder) ? -1 : 0;
}

static void test_a_file_is_opened(void **state)
{
	int descriptor = regular_open(file);
	char byte = 0;

	(void)state;
	assert_int_equal(read(descriptor, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(descriptor);
}

/* Not for a moment: whoever waits to write to it would go on. */
static void test_a_fifo_is_never_opened(void **state)
{
	int watch = inotify_init1(IN_NONBLOCK);
	char event[512];

	(void)state;
	assert_true(inotify_add_watch(watch, fifo, IN_OPEN) >= 0);
	assert_int_equal(regular_open(fifo), -1);
	assert_int_equal(read(watch, event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	close(watch);
}

static void test_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(regular_open(folder), -1);
	assert_int_equal(regular_open("/dev/null"), -1);
	assert_int_equal(regular_open("/nowhere/at/all"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_is_opened),
		cmocka_unit_test(test_a_fifo_is_never_opened),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
