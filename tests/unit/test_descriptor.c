/* test_descriptor.c - numbers of ours, and what they stand for. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "descriptor.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Returns the number that a new descriptor of ours gets where only so many are allowed. */
static int raised_under(rlim_t most)
{
	struct rlimit before, limit;
	int low = open("/dev/null", O_RDONLY), fd;

	getrlimit(RLIMIT_NOFILE, &before);
	limit = (struct rlimit){most, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = descriptor_raise(low);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_true(is_open(fd));
	assert_int_equal(is_open(low), fd == low);
	close(fd);
	return fd == low ? -1 : fd;
}

/* Of the kernel's table, as it says. */
static int table_size(void)
{
	char line[256];
	int size = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (fgets(line, sizeof line, file) && sscanf(line, "FDSize: %d", &size) != 1)
		;
	fclose(file);
	return size;
}

/* Run first: the table only grows. */
static void the_kernels_table_does_not_grow_for_us(void **state)
{
	int before = table_size(), fd = descriptor_open("/dev/null", O_RDONLY);

	(void)state;
	assert_in_range(before, 64, 256);
	assert_int_equal(table_size(), before);
	assert_int_equal(fd, before == 64 ? 48 : 224);
	close(fd);
}

static void what_is_ours_is_high(void **state)
{
	(void)state;
	close(dup2(0, 1000));
	assert_in_range(table_size(), 1001, 2048);
	assert_int_equal(raised_under(1024), 960);
	assert_int_equal(raised_under(961), 960);
	assert_int_equal(raised_under(960), 224);
	assert_int_equal(raised_under(200), 48);
	assert_int_equal(raised_under(40), -1);
}

static void no_child_inherits_it(void **state)
{
	int fd = descriptor_open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void what_is_high_already_stays(void **state)
{
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 1000);

	(void)state;
	assert_int_equal(descriptor_raise(high), high);
	close(low);
	close(high);
}

static void an_error_stays_an_error(void **state)
{
	(void)state;
	assert_int_equal(descriptor_raise(-EMFILE), -EMFILE);
	assert_int_equal(descriptor_open("/nowhere/at/all", O_RDONLY), -ENOENT);
}

static void what_another_put_there_is_not_closed(void **state)
{
	int fd = descriptor_open("/dev/null", O_RDONLY);
	int other = open("/dev/zero", O_RDONLY);
	struct descriptor_identity identity = descriptor_identify(fd);

	(void)state;
	assert_true(descriptor_is(fd, &identity));
	assert_int_equal(dup2(other, fd), fd);
	assert_false(descriptor_is(fd, &identity));
	descriptor_close(fd, &identity);
	assert_true(is_open(fd));
	close(fd);
	assert_false(descriptor_is(fd, &identity));
	descriptor_close(fd, &identity);
	descriptor_close(-1, &identity);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_table_does_not_grow_for_us),
		cmocka_unit_test(what_is_ours_is_high),
		cmocka_unit_test(no_child_inherits_it),
		cmocka_unit_test(what_is_high_already_stays),
		cmocka_unit_test(an_error_stays_an_error),
		cmocka_unit_test(what_another_put_there_is_not_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
