#include "stack_use.h"

enum { RUNS = 16 };

static uint64_t overlap(const struct view_run *run, uint64_t start, uint64_t end)
{
	uint64_t low = run->start > start ? run->start : start;
	uint64_t high = run->end < end ? run->end : end;

	return low < high ? high - low : 0;
}

static bool counted_in_rss(const struct view_run *run)
{
	return run->state & VIEW_PRESENT && !(run->state & VIEW_ZERO);
}

static bool count_pages(const struct view *view, uint64_t start, uint64_t end, uint64_t *bytes)
{
	struct view_run runs[RUNS];
	uint64_t from = start;
	size_t count;

	if (!view->runs)
		return false;
	while (from < end && (count = view->runs(view->context, &from, end, runs, RUNS))) {
		for (size_t i = 0; i < count && i < RUNS; i++) {
			if (counted_in_rss(&runs[i]))
				*bytes += overlap(&runs[i], start, end);
		}
	}
	return from != UINT64_MAX;
}

static bool add_mapping(const struct view *view, const struct atlas_mapping *mapping,
	const struct vmatlas_thread *thread, uint64_t *bytes)
{
	uint64_t start = mapping->start, end = mapping->end;

	if (start >= thread->stack_start && end <= thread->stack_end) {
		*bytes += mapping->rss;
		return true;
	}
	if (start < thread->stack_start)
		start = thread->stack_start;
	if (end > thread->stack_end)
		end = thread->stack_end;
	return count_pages(view, start, end, bytes);
}

/* The first mapping that reaches past the address. */
static uint32_t first_past(const struct atlas *atlas, uint64_t address)
{
	uint32_t low = 0, high = atlas->mappings;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (atlas->mapping[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool stack_use(const struct atlas *atlas, const struct vmatlas_thread *thread, uint64_t *bytes)
{
	uint64_t sum = 0;
	uint32_t found = 0;

	if (thread->stack_start >= thread->stack_end || atlas->view->maps_only)
		return false;
	for (uint32_t i = first_past(atlas, thread->stack_start);
		i < atlas->mappings && atlas->mapping[i].start < thread->stack_end; i++, found++) {
		if (!add_mapping(atlas->view, &atlas->mapping[i], thread, &sum))
			return false;
	}
	if (found)
		*bytes = sum;
	return found != 0;
}

bool stack_touched(const struct atlas *atlas, const struct vmatlas_thread *thread, uint64_t *bytes)
{
	const struct view *view = atlas->view;
	uint64_t from = thread->stack_start;
	struct view_run run;

	if (thread->stack_start >= thread->stack_end || !view->runs)
		return false;
	if (!view->runs(view->context, &from, thread->stack_end, &run, 1)) {
		*bytes = 0;
		return from != UINT64_MAX;
	}
	*bytes = thread->stack_end -
		 (run.start > thread->stack_start ? run.start : thread->stack_start);
	return true;
}
