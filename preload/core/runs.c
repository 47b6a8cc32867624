#include "runs.h"

void runs_begin(struct runs *runs, const struct view *view, uint64_t start, uint64_t end)
{
	*runs = (struct runs){.view = view, .from = start, .end = end};
}

const struct view_run *runs_at(struct runs *runs)
{
	while (runs->next == runs->count) {
		uint64_t before = runs->from;

		if (before >= runs->end || !runs->view->runs)
			return NULL;
		runs->next = 0;
		runs->count = runs->view->runs(
			runs->view->context, &runs->from, runs->end, runs->run, RUNS_AT_ONCE);
		if (!runs->count && runs->from == before)
			runs->from = runs->end; /* a giver that does not move has no more */
	}
	return &runs->run[runs->next];
}

static uint64_t overlap(const struct view_run *run, uint64_t start, uint64_t end)
{
	uint64_t from = run->start > start ? run->start : start;
	uint64_t to = run->end < end ? run->end : end;

	return from < to && run->state & VIEW_PRESENT ? to - from : 0;
}

uint64_t runs_resident(struct runs *runs, uint64_t start, uint64_t end)
{
	const struct view_run *run;
	uint64_t bytes = 0;

	while ((run = runs_at(runs)) && run->start < end) {
		bytes += overlap(run, start, end);
		if (run->end > end)
			break;
		runs->next++;
	}
	return bytes;
}

uint64_t runs_resident_from(struct runs *runs, uint64_t start, uint64_t end)
{
	const struct view_run *run;

	while ((run = runs_at(runs)) && run->end <= start)
		runs->next++;
	return runs_resident(runs, start, end);
}

uint64_t runs_count(const struct view *view, uint64_t start, uint64_t end)
{
	struct runs runs;

	runs_begin(&runs, view, start, end);
	return runs_resident(&runs, start, end);
}
