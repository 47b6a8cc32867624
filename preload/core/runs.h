/* runs.h - the states of pages, read once from low addresses to high. */
#ifndef VMATLAS_RUNS_H
#define VMATLAS_RUNS_H

#include "view.h"

enum { RUNS_AT_ONCE = 64 };

struct runs {
	const struct view *view;
	struct view_run run[RUNS_AT_ONCE];
	size_t count, next;
	uint64_t from, end; /* from is UINT64_MAX where the kernel would not say */
};

/* The runs of [start, end). Anywhere the view's callbacks may be called, as all here. */
void runs_begin(struct runs *runs, const struct view *view, uint64_t start, uint64_t end);

/* The run that the reading stands at, NULL behind the last; runs->next++ goes on to the next. */
const struct view_run *runs_at(struct runs *runs);

/* Resident bytes in [start, end), where the reading does not stand behind start yet. */
uint64_t runs_resident(struct runs *runs, uint64_t start, uint64_t end);

/* The same, where nothing before `start` is asked for any more. */
uint64_t runs_resident_from(struct runs *runs, uint64_t start, uint64_t end);

/* Resident bytes in [start, end), by themselves. */
uint64_t runs_count(const struct view *view, uint64_t start, uint64_t end);

#endif
