#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/progress.h"

static struct {
	int errors, master, slave; /* the true stderr; a terminal in its place */
} self;

static int set_up(void **state)
{
	(void)state;
	self.master = posix_openpt(O_RDWR | O_NOCTTY);
	if (self.master < 0 || grantpt(self.master) || unlockpt(self.master))
		return -1;
	self.slave = open(ptsname(self.master), O_RDWR | O_NOCTTY);
	self.errors = dup(STDERR_FILENO);
	return self.slave < 0 || self.errors < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(self.master);
	close(self.slave);
	return close(self.errors);
}

/* What comes on the stand-in while something takes so long. */
static void watch(int stand_in, const char *what, unsigned ms, char *text, size_t size)
{
	ssize_t got;

	fflush(stderr);
	dup2(stand_in, STDERR_FILENO);
	progress_begin(what);
	usleep(1000 * ms);
	progress_end();
	fflush(stderr);
	dup2(self.errors, STDERR_FILENO);
	fcntl(self.master, F_SETFL, O_NONBLOCK);
	got = read(self.master, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
}

static void a_line_comes_after_a_second_and_goes(void **state)
{
	char text[1000], *line, *blank;

	(void)state;
	watch(self.slave, "a.\033snapshot", 1900, text, sizeof(text));
	line = strstr(text, "\rvmatlas: reading a.\\x1bsnapshot, 1 s");
	assert_non_null(line);
	blank = strrchr(text, '\r');
	assert_ptr_equal(blank, text + strlen(text) - 1);
	while (blank > line && blank[-1] == ' ')
		blank--;
	assert_int_equal(
		text + strlen(text) - 1 - blank, strlen("vmatlas: reading a.\\x1bsnapshot, 1 s"));
}

static void nothing_is_said_of_what_is_quick(void **state)
{
	char text[1000];

	(void)state;
	watch(self.slave, "a.snapshot", 100, text, sizeof(text));
	assert_string_equal(text, "");
}

static void nothing_is_said_to_what_is_no_terminal(void **state)
{
	int file = open("/dev/null", O_WRONLY);
	char text[1000];

	(void)state;
	watch(file, "a.snapshot", 1300, text, sizeof(text));
	assert_string_equal(text, "");
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_comes_after_a_second_and_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_is_said_of_what_is_quick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_is_said_to_what_is_no_terminal, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
