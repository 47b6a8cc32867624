#include "top_reading.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_all(struct top_reading *reading)
{
	struct top_moment *moment = calloc(1, sizeof(*moment));

	if (!moment) {
		snprintf(reading->reason, TOP_REASON, "%s", strerror(ENOMEM));
	} else if (top_moment_open(moment, reading->file, reading->reason) != 0) {
		free(moment);
		moment = NULL;
	}
	reading->moment = moment;
	fclose(reading->file);
	atomic_store(&reading->done, true);
}

static void *run(void *reading)
{
	read_all(reading);
	return NULL;
}

/* Signals are the screen's: the thread takes none. */
static bool start(struct top_reading *reading)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&reading->thread, NULL, run, reading) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void top_reading_begin(struct top_reading *reading, FILE *file)
{
	reading->file = file;
	reading->reason[0] = '\0';
	reading->going = true;
	atomic_store(&reading->done, false);
	reading->alone = start(reading);
	if (!reading->alone)
		read_all(reading);
}

struct top_moment *top_reading_take(struct top_reading *reading)
{
	if (reading->alone)
		pthread_join(reading->thread, NULL);
	reading->going = false;
	return reading->moment;
}
