#include "complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 8192

/* Bytes above 0x7f stay: they are UTF-8 on any terminal of today. 0x7f is DEL. */
static int harmless(unsigned char byte)
{
	return byte >= 0x20 && byte != 0x7f;
}

static size_t put_escaped(char *line, size_t used, const char *text)
{
	for (; *text && used + 5 < LINE_SIZE; text++) {
		if (harmless((unsigned char)*text))
			line[used++] = *text;
		else
			used += (size_t)sprintf(line + used, "\\%03o", (unsigned char)*text);
	}
	return used;
}

/* One write, so that lines of two processes on one terminal do not mix. */
static void say(const char *what, const char *format, va_list arguments)
{
	char reason[LINE_SIZE], line[LINE_SIZE];
	size_t used = put_escaped(line, 0, "vmatlas: ");

	vsnprintf(reason, sizeof(reason), format, arguments);
	if (what) {
		used = put_escaped(line, used, *what ? what : "''");
		used = put_escaped(line, used, ": ");
	}
	used = put_escaped(line, used, reason);
	line[used++] = '\n';
	fflush(stdout);
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody is left to tell */
}

int complain_cannot(const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(what, format, arguments);
	va_end(arguments);
	return COMPLAIN_COULD_NOT;
}

int complain_usage(const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(what, format, arguments);
	va_end(arguments);
	return COMPLAIN_USAGE;
}

int complain_errno(const char *what, int error)
{
	return complain_cannot(what, "%s", strerror(error));
}

void complain_note(const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(what, format, arguments);
	va_end(arguments);
}
