#include "pageruns.h"

#include <stdbool.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const struct vmatlas_run *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end > b->end) - (a->end < b->end);
}

static bool is_sorted(const struct vmatlas_run *runs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (runs[i].start < runs[i - 1].end)
			return false;
	return true;
}

static size_t clip(struct vmatlas_run *runs, size_t count)
{
	uint64_t behind = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct vmatlas_run run = runs[i];

		if (run.start < behind)
			run.start = behind;
		if (run.start >= run.end)
			continue;
		behind = run.end;
		runs[kept++] = run;
	}
	return kept;
}

void pageruns_make(struct pageruns *pageruns, struct vmatlas_run *runs, size_t count)
{
	if (!is_sorted(runs, count)) {
		qsort(runs, count, sizeof(*runs), compare);
		count = clip(runs, count);
	}
	*pageruns = (struct pageruns){runs, count};
}

/* The first run that ends behind the address. */
static size_t find(const struct pageruns *pageruns, uint64_t address)
{
	size_t low = 0, high = pageruns->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pageruns->runs[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The run's part in [from, end). */
static struct view_run part(const struct vmatlas_run *run, uint64_t from, uint64_t end)
{
	return (struct view_run){
		run->start > from ? run->start : from, run->end < end ? run->end : end, run->state};
}

size_t pageruns_next(const struct pageruns *pageruns, uint64_t *from, uint64_t end,
	struct view_run *runs, size_t capacity)
{
	const struct vmatlas_run *all = pageruns->runs; /* NULL where there are none */
	size_t at = find(pageruns, *from), count = 0;

	for (; at < pageruns->count && all[at].start < end && all[at].state && count < capacity;
		at++) {
		runs[count] = part(&all[at], *from, end);
		*from = runs[count++].end;
	}
	if (at == pageruns->count || all[at].start >= end)
		*from = end;
	else if (!all[at].state && !count)
		*from = UINT64_MAX;
	return count;
}
