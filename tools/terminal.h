/* terminal.h - what the other end of standard output can show. */
#ifndef VMATLAS_TERMINAL_H
#define VMATLAS_TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal, or what COLUMNS says; 0 where nobody says: a file, a pipe. */
unsigned terminal_columns(void);

/* Whether colours are wanted where the user has not said: on a terminal that is not dumb, unless
 * NO_COLOR is set (https://no-color.org). */
bool terminal_colors(void);

/* Whether the locale writes UTF-8. Sets no locale. */
bool terminal_utf8(void);

#endif
