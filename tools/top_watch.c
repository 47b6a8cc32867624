#include "top_watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "target.h"
#include "top_pace.h"

/* After a failure it is asked again so soon, but not sooner than the user wants. */
enum { RETRY_MS = 1000 };

uint64_t top_watch_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void top_watch_begin(struct top_watch *watch, const struct top_options *options)
{
	*watch = (struct top_watch){.options = options, .pid = (pid_t)atol(options->pid)};
}

static void drop(struct top_moment **moment)
{
	if (!*moment)
		return;
	top_moment_close(*moment);
	free(*moment);
	*moment = NULL;
}

void top_watch_end(struct top_watch *watch)
{
	if (watch->asking)
		question_end(&watch->question);
	if (watch->reading.going) {
		struct top_moment *moment = top_reading_take(&watch->reading);

		drop(&moment);
	}
	framenames_close(watch->framenames);
	top_mark_free(&watch->start);
	top_mark_free(&watch->mark);
	drop(&watch->moment);
	drop(&watch->last);
}

void top_watch_forget(struct top_watch *watch)
{
	drop(&watch->last);
}

/* -- What it costs the program -------------------------------------------------------------- */

/* What dumps have taken it so far, by its own word; 0 where that cannot be read. */
static uint64_t spent(struct top_watch *watch)
{
	struct vmatlas_state state;

	if (!watch->shim_known)
		watch->shim_known = shimstate_find(watch->pid, &watch->shim) == 0;
	if (!watch->shim_known || shimstate_read(watch->pid, &watch->shim, &state) != 0) {
		watch->shim_known = false;
		return 0;
	}
	return state.spent_ns;
}

static void set_pace(struct top_watch *watch)
{
	uint64_t now = spent(watch);

	if (now > watch->spent_before_ns)
		watch->spent_ns = now - watch->spent_before_ns;
	watch->soonest_ms = top_watch_now_ms() + top_pace(0, watch->spent_ns);
	watch->next_ms = top_watch_now_ms() + top_pace(watch->options->wanted_ms, watch->spent_ns);
}

/* -- Asking --------------------------------------------------------------------------------- */

/* A zombie has no memory any more. */
static bool has_ended(pid_t pid)
{
	struct target target;

	return target_read(pid, &target) != 0 || target.state == 'Z' || target.state == 'X';
}

/* It would answer when it continues, and nobody would take the answer away. */
static bool is_stopped(pid_t pid)
{
	struct target target;

	return target_read(pid, &target) == 0 && (target.state == 'T' || target.state == 't');
}

static void be_troubled(struct top_watch *watch, const char *reason)
{
	unsigned wait = watch->options->wanted_ms;

	snprintf(watch->trouble, sizeof(watch->trouble), "%s", reason);
	watch->over = has_ended(watch->pid);
	watch->soonest_ms = watch->next_ms =
		top_watch_now_ms() + (wait > RETRY_MS ? wait : RETRY_MS);
}

static bool ask(struct top_watch *watch)
{
	int error;

	if (is_stopped(watch->pid)) {
		be_troubled(watch, "it is stopped, by a signal or a debugger");
		return true;
	}
	watch->spent_before_ns = spent(watch);
	error = question_ask(&watch->question, watch->options->pid, true);
	if (error) {
		be_troubled(watch, strerror(error));
		return true;
	}
	watch->asking = true;
	return false;
}

/* -- The answer ----------------------------------------------------------------------------- */

static int name_frames(struct top_watch *watch, struct top_moment *moment, bool same)
{
	int error = 0;

	if (watch->framenames && same) {
		error = framenames_follow(watch->framenames, &moment->view);
	} else {
		struct framenames *made =
			framenames_open(&moment->view, !watch->options->plain_names);

		if (!made)
			return ENOMEM;
		framenames_close(watch->framenames);
		watch->framenames = made;
	}
	if (!error)
		top_moment_name(moment, watch->framenames);
	return error;
}

/* The process may have executed another program: then all begins anew. */
static int take_in(struct top_watch *watch, struct top_moment *moment)
{
	bool same = watch->moment && top_moment_same(watch->moment, moment);
	int error = name_frames(watch, moment, same);

	if (!error && !same) {
		error = top_mark_set(&watch->start, moment);
		watch->marked = false;
	}
	return error;
}

static void put_in_place(struct top_watch *watch, struct top_moment *moment)
{
	top_watch_forget(watch);
	watch->last = watch->moment;
	watch->moment = moment;
	watch->pictures++;
	watch->trouble[0] = '\0';
}

static bool take_reading(struct top_watch *watch)
{
	struct top_moment *moment;

	if (!top_reading_is_done(&watch->reading))
		return false;
	moment = top_reading_take(&watch->reading);
	if (!moment) {
		be_troubled(watch, watch->reading.reason);
	} else if (take_in(watch, moment) != 0) {
		be_troubled(watch, strerror(ENOMEM));
		drop(&moment);
	} else {
		put_in_place(watch, moment);
	}
	return true;
}

static void read_snapshot(struct top_watch *watch)
{
	FILE *file = fopen(watch->question.path, "re");

	if (file)
		top_reading_begin(&watch->reading, file);
	else
		be_troubled(watch, strerror(errno));
}

static bool take_answer(struct top_watch *watch)
{
	char reason[TOP_REASON];
	int status;

	if (!question_answered(&watch->question, &status))
		return false;
	watch->asking = false;
	set_pace(watch);
	if (status) {
		question_reason(&watch->question, reason, sizeof(reason));
		be_troubled(watch, reason);
	} else {
		read_snapshot(watch);
	}
	question_end(&watch->question);
	return true;
}

bool top_watch_step(struct top_watch *watch)
{
	if (watch->reading.going)
		return take_reading(watch);
	if (watch->asking)
		return take_answer(watch);
	if (watch->over || watch->paused || top_watch_now_ms() < watch->next_ms)
		return false;
	return ask(watch);
}

void top_watch_hurry(struct top_watch *watch)
{
	if (!top_watch_is_busy(watch))
		watch->next_ms = watch->soonest_ms;
}

/* -- Growth --------------------------------------------------------------------------------- */

void top_watch_mark(struct top_watch *watch)
{
	if (watch->moment && top_mark_set(&watch->mark, watch->moment) == 0)
		watch->marked = true;
}

void top_watch_unmark(struct top_watch *watch)
{
	watch->marked = false;
}

const struct top_mark *top_watch_since(const struct top_watch *watch)
{
	return watch->marked ? &watch->mark : &watch->start;
}
