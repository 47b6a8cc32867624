/* lines.h - what must stand in a text, and what must not. After <cmocka.h>. */
#ifndef VMATLAS_TEST_LINES_H
#define VMATLAS_TEST_LINES_H

#include <string.h>

static __attribute__((unused)) void has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, line, length) && (at[length] == '\n' || !at[length]))
			return;
	}
	fail_msg("no line \"%s\" in\n%s", line, text);
}

static __attribute__((unused)) void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in\n%s", part, text);
}

#endif
