/* top_live.h - `vmatlas top` on a terminal, until the user has seen enough. */
#ifndef VMATLAS_TOP_LIVE_H
#define VMATLAS_TOP_LIVE_H

#include "top_options.h"

/* Returns an exit status; ends the process where a signal is to end it. */
int top_live(const struct top_options *options);

#endif
