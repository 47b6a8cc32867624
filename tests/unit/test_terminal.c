/* What the other end of standard output can show, as far as that can be told without a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "terminal.h"

static int kept;

/* Standard output becomes a pseudo terminal of so many columns, or /dev/null for 0. */
static void put_out(unsigned short columns)
{
	struct winsize size = {.ws_col = columns, .ws_row = 24};
	int master, slave;

	fflush(stdout);
	kept = dup(STDOUT_FILENO);
	if (columns) {
		assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	} else {
		slave = open("/dev/null", O_WRONLY);
	}
	assert_true(slave >= 0);
	dup2(slave, STDOUT_FILENO);
	close(slave);
}

static void put_back(void)
{
	dup2(kept, STDOUT_FILENO);
	close(kept);
}

static void columns(void **state)
{
	unsigned of_terminal, of_nothing, said, nonsense;

	(void)state;
	unsetenv("COLUMNS");
	put_out(123);
	of_terminal = terminal_columns();
	put_back();
	put_out(0);
	of_nothing = terminal_columns();
	setenv("COLUMNS", "77", 1);
	said = terminal_columns();
	setenv("COLUMNS", "-77", 1);
	nonsense = terminal_columns();
	put_back();
	assert_int_equal(of_terminal, 123);
	assert_int_equal(of_nothing, 0);
	assert_int_equal(said, 77);
	assert_int_equal(nonsense, 0);
}

static bool colors(const char *no_color, const char *term)
{
	if (no_color)
		setenv("NO_COLOR", no_color, 1);
	else
		unsetenv("NO_COLOR");
	setenv("TERM", term, 1);
	return terminal_colors();
}

static void colours(void **state)
{
	bool plain, empty, set, dumb, file;

	(void)state;
	put_out(80);
	plain = colors(NULL, "xterm");
	empty = colors("", "xterm");
	set = colors("1", "xterm");
	dumb = colors(NULL, "dumb");
	put_back();
	put_out(0);
	file = colors(NULL, "xterm");
	put_back();
	assert_true(plain);
	assert_true(empty);
	assert_false(set);
	assert_false(dumb);
	assert_false(file);
}

static void locales(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_true(terminal_utf8());
	setenv("LC_ALL", "C", 1);
	assert_false(terminal_utf8());
	setenv("LC_ALL", "no such locale", 1);
	assert_false(terminal_utf8());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns),
		cmocka_unit_test(colours),
		cmocka_unit_test(locales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
