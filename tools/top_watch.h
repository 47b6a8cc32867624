/* top_watch.h - a process that is asked for a picture again and again.
 *
 * Knows nothing of terminals, and waits for nothing. */
#ifndef VMATLAS_TOP_WATCH_H
#define VMATLAS_TOP_WATCH_H

#include "question.h"
#include "shimstate.h"
#include "top_mark.h"
#include "top_options.h"
#include "top_reading.h"

struct top_watch {
	const struct top_options *options;
	pid_t pid;
	struct question question;
	struct top_reading reading; /* of what was answered */
	bool asking, paused;
	bool over;                /* the program has ended: there will be no other picture */
	char trouble[TOP_REASON]; /* why there was no picture the last time; "" */

	/* The newest picture, and until top_watch_forget the one before it. NULL: none. */
	struct top_moment *moment, *last;
	uint32_t pictures;
	struct framenames *framenames; /* NULL until there is a picture */
	struct top_mark start, mark;   /* of the first picture, and of the user */
	bool marked;

	struct shimstate shim;
	bool shim_known;
	uint64_t spent_before_ns; /* what dumps had taken when this one was asked for */
	uint64_t spent_ns;        /* what the last picture took the program */
	/* When the next is due, and when it may be asked for, by CLOCK_MONOTONIC. */
	uint64_t next_ms, soonest_ms;
};

void top_watch_begin(struct top_watch *watch, const struct top_options *options);
void top_watch_end(struct top_watch *watch);

uint64_t top_watch_now_ms(void);

/* Asks when it is time, and takes what was answered: true where there is a new picture, or
 * something else to say. */
bool top_watch_step(struct top_watch *watch);

/* Whether a picture is on its way. */
static inline bool top_watch_is_busy(const struct top_watch *watch)
{
	return watch->asking || watch->reading.going;
}

/* Nothing refers to the picture before the newest any more. */
void top_watch_forget(struct top_watch *watch);

/* A picture as soon as may be: the pace is kept. */
void top_watch_hurry(struct top_watch *watch);

/* Growth is told from the newest picture on, or again from the first. */
void top_watch_mark(struct top_watch *watch);
void top_watch_unmark(struct top_watch *watch);
const struct top_mark *top_watch_since(const struct top_watch *watch);

#endif
