/* dump.h - one report, from the process's own tables, while the process goes on.
 *
 * One dump at a time: a request that comes during one leads to at most one more after it. Works on
 * a stack of its own, in memory that it maps and unmaps, with all signals blocked; takes no lock
 * and never unwinds. */
#ifndef VMATLAS_DUMP_H
#define VMATLAS_DUMP_H

#include "config.h"

#include <signal.h>

/* Makes a report, or leaves the request to the dump that is at work. `format` is an enum
 * config_format, VMATLAS_REQUEST_PRIVATE or'ed to it for a file of its own, or negative for the
 * configured one. errno stays. Anywhere, signal handlers
 * included. 0, EBUSY when it was left to another, or why there is no report. */
int dump(const char *reason, int format);

/* Waits until no dump is at work on another thread: the process is about to end, and would end it,
 * too. Five seconds at most. Anywhere but in a dump. */
void dump_wait(void);

/* The program limits its addresses to so many bytes: of what is set aside for dumps, more or less
 * is given back (scratch_shrink). errno stays. Anywhere. */
void dump_confine(uint64_t addresses);

/* The handler of the dump signal. */
void dump_on_signal(int signal, siginfo_t *info, void *context);

/* Start only. */
void dump_boot(void);

#endif
