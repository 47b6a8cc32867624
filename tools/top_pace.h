/* top_pace.h - how often a program may be asked for a picture. */
#ifndef VMATLAS_TOP_PACE_H
#define VMATLAS_TOP_PACE_H

#include <stdint.h>

/* At most this part of its time a program spends on pictures: one in so many. */
enum { TOP_PACE_SHARE = 100 };

/* How long to wait after a picture, in ms, where the user wants one each `wanted_ms` and the
 * program spent so many nanoseconds on the last. */
uint64_t top_pace(uint64_t wanted_ms, uint64_t spent_ns);

#endif
