/* aftermath.h - what a program that `vmatlas run` started has left behind. */
#ifndef VMATLAS_AFTERMATH_H
#define VMATLAS_AFTERMATH_H

#include <stdbool.h>
#include <time.h>

#include "launch.h"

struct aftermath {
	struct timespec begun; /* when it was started, by CLOCK_REALTIME_COARSE */
	bool summary;          /* whoever looks */
};

/* Says on stderr where its reports are and those of what it started, or why there is none; which
 * stores were left; and where that disturbs nobody what its last report comes to. */
void aftermath_tell(const struct aftermath *aftermath, const struct launch *launch);

#endif
