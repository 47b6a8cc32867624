/* summary.h - what a report comes to, in ten lines, and what to type next. */
#ifndef VMATLAS_SUMMARY_H
#define VMATLAS_SUMMARY_H

#include <stdbool.h>

/* Whether it would disturb nobody: standard error is a terminal, we are in its foreground, and
 * standard output leads to no pipe, whose reader may be drawing on that terminal. */
bool summary_is_welcome(void);

/* Writes to stderr the ledger of the report in that file, of any format, and the command that shows
 * more of it. Done by a process of its own: Ctrl-C ends that, and not us. */
void summary_tell(const char *path);

#endif
