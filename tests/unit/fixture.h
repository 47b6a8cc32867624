/* fixture.h - the listings of tests/fixtures, for tests that run in the top directory. */
#ifndef VMATLAS_TEST_FIXTURE_H
#define VMATLAS_TEST_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The whole file into a static buffer, terminated; the test fails if it cannot be read. */
static inline char *fixture_read(const char *path)
{
	static char content[1 << 20];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	size_t length = fread(content, 1, sizeof(content) - 1, file);
	fclose(file);
	assert_in_range(length, 1, sizeof(content) - 2);
	content[length] = 0;
	return content;
}

/* Cuts the next line off *rest, terminated without its newline; NULL at the end. */
static inline char *fixture_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (*line == 0)
		return NULL;
	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = 0;
	return line;
}

#endif
