/* top_reading.h - a snapshot that is read and worked out on a thread of its own: a million blocks
 * take a second, in which keys are to be answered. */
#ifndef VMATLAS_TOP_READING_H
#define VMATLAS_TOP_READING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "top_moment.h"

/* All zeros: nothing is read. */
struct top_reading {
	bool going; /* from top_reading_begin to top_reading_take */
	bool alone; /* there is a thread */
	pthread_t thread;
	FILE *file;
	struct top_moment *moment;
	char reason[TOP_REASON];
	_Atomic bool done; /* the thread has written the above, and will write no more */
};

/* Begins to read the file, which is closed in the end. Where no thread can be had it is read at
 * once. Nothing may be going. */
void top_reading_begin(struct top_reading *reading, FILE *file);

static inline bool top_reading_is_done(struct top_reading *reading)
{
	return atomic_load(&reading->done);
}

/* The moment, from malloc, to be closed and freed; or NULL, and the reason stands in the reading.
 * Waits until it is done. Something must be going. */
struct top_moment *top_reading_take(struct top_reading *reading);

#endif
