#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "size.h"

unsigned terminal_columns(void)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	uint64_t columns;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return said && size_number(said, 10000, &columns) ? (unsigned)columns : 0;
}

bool terminal_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	/* Set, and not empty. */
	if ((no_color && *no_color) || (term && !strcmp(term, "dumb")))
		return false;
	return isatty(STDOUT_FILENO);
}

bool terminal_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}
