/* visible.h - whether the program's malloc can be seen at all. */
#ifndef VMATLAS_VISIBLE_H
#define VMATLAS_VISIBLE_H

#include <stdbool.h>

/* Whether the program's own file defines a function malloc, so that its calls may never come to us.
 * Reads the file at the first question. Anywhere, signal handlers included, with 20 KiB of stack.
 */
bool visible_own_malloc(void);

#endif
