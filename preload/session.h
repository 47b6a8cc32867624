/* session.h - the work of one dump: from the view of this moment to the report's last byte. */
#ifndef VMATLAS_SESSION_H
#define VMATLAS_SESSION_H

#include <stdint.h>

/* Makes one report and writes it out. `format` is as dump's; *number is the report's, and becomes a
 * larger one where a file of that number is there already. 0, or why there is no report. With all
 * signals blocked, by one thread at a time, with 64 KiB of stack; takes no lock. */
int session_report(const char *reason, int format, uint32_t *number);

#endif
