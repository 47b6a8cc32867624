/* html.h - snapshots as one page that a browser opens, with all that it needs in it. */
#ifndef VMATLAS_HTML_H
#define VMATLAS_HTML_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this command was built with the page. */
bool html_available(void);

/* Writes the snapshots, in the order of time, to the file `output`, which appears when it is whole;
 * standard output for NULL. One snapshot is in memory at a time; blocks and pages are kept of the
 * last. `source`: as framenames_open. What goes wrong is said on stderr: returns 0 or an exit
 * status. */
int html_write(char *const *paths, uint32_t count, const char *output, bool source);

#endif
