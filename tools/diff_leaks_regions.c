#include "diff_leaks_regions.h"

#include <errno.h>
#include <stdlib.h>

/* Regions of one snapshot that calls of known call stacks have mapped; the next one, from *at on,
 * or NULL. */
static const struct atlas_region *next_region(const struct atlas *atlas, uint32_t *at)
{
	while (*at < atlas->regions) {
		const struct atlas_region *region = &atlas->region[(*at)++];

		if (region->frame && region->frame <= atlas->frames &&
			(region->call == VMATLAS_CALL_MMAP || region->call == VMATLAS_CALL_SHMAT ||
				region->call == VMATLAS_CALL_MREMAP))
			return region;
	}
	return NULL;
}

static int add_all(struct diff_leaks *leaks, const struct atlas *last)
{
	bool *seen = calloc((size_t)last->frames + 1, sizeof(*seen));
	const struct atlas_region *region;
	uint32_t at = 0;

	if (!seen)
		return ENOMEM;
	while ((region = next_region(last, &at))) {
		if (!seen[region->frame])
			diff_leaks_add(leaks, region->frame)->mapped = true;
		seen[region->frame] = true;
	}
	free(seen);
	return 0;
}

/* By frame number: the series of its leak, from number `from` on; NULL if memory is out. */
static uint64_t **series_of(const struct diff_leaks *leaks, const struct atlas *last, uint32_t from)
{
	uint64_t **series = calloc((size_t)last->frames + 1, sizeof(uint64_t *));

	for (uint32_t i = from; series && i < leaks->count; i++)
		series[leaks->leak[i].frame] = leaks->leak[i].live;
	return series;
}

static int fill_series(struct diff_leaks *leaks, const struct diff_side *side, uint32_t from)
{
	const struct atlas *last = &side[leaks->sides - 1].atlas;
	uint64_t **series = series_of(leaks, last, from);
	const struct atlas_region *region;

	if (!series)
		return ENOMEM;
	for (unsigned i = 0; i < leaks->sides; i++)
		for (uint32_t at = 0; (region = next_region(&side[i].atlas, &at));)
			if (region->frame <= last->frames && series[region->frame])
				series[region->frame][i] += region->end - region->start;
	free(series);
	return 0;
}

/* -- Evidence ------------------------------------------------------------------------------- */

/* Regions of one snapshot in the order of what by_call compares. */
struct calls {
	const struct atlas_region **region;
	size_t count;
};

/* Pieces of what one call mapped have its time and call stack and do not overlap. */
static int by_call(const void *left, const void *right)
{
	const struct atlas_region *a = *(const struct atlas_region *const *)left;
	const struct atlas_region *b = *(const struct atlas_region *const *)right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

static int calls_make(struct calls *calls, const struct atlas *atlas)
{
	const struct atlas_region *region;
	uint32_t at = 0;

	calls->region = calloc((size_t)atlas->regions + 1, sizeof(*calls->region));
	if (!calls->region)
		return ENOMEM;
	while ((region = next_region(atlas, &at)))
		calls->region[calls->count++] = region;
	qsort(calls->region, calls->count, sizeof(*calls->region), by_call);
	return 0;
}

/* So many bytes of the region were there already. */
static uint64_t calls_had(const struct calls *calls, const struct atlas_region *region)
{
	size_t low = 0, high = calls->count;
	const struct atlas_region *last;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_call(&calls->region[middle], &region) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	last = low ? calls->region[low - 1] : NULL;
	if (!last || last->time != region->time || last->frame != region->frame ||
		last->end <= region->start)
		return 0;
	return (last->end < region->end ? last->end : region->end) - region->start;
}

/* A region keeps the time of its call as long as it is mapped: what is there in the last snapshot
 * and was in the second was there all the time. When it came is not asked of its time, which the
 * coarse clock may have put before a snapshot that was taken earlier. */
static int count_survivors(
	struct diff_leaks *leaks, const struct diff_side *side, const uint32_t *number)
{
	const struct atlas *last = &side[leaks->sides - 1].atlas;
	struct calls first = {0}, second = {0};
	int error = calls_make(&first, &side[0].atlas);
	const struct atlas_region *region;
	uint32_t at = 0;

	if (!error)
		error = calls_make(&second, &side[1].atlas);
	while (!error && (region = next_region(last, &at))) {
		uint64_t before = calls_had(&first, region), came = calls_had(&second, region);
		uint32_t found = number[region->frame];

		if (!found || came <= before)
			continue;
		leaks->leak[found - 1].blocks++;
		leaks->leak[found - 1].bytes += came - before;
	}
	free(first.region);
	free(second.region);
	return error;
}

/* Of two snapshots: what came must be all that it grew by. */
static void drop_who_unmapped(struct diff_leaks *leaks, uint32_t from)
{
	for (uint32_t i = from; i < leaks->count; i++)
		if (leaks->leak[i].bytes != leaks->leak[i].live[1] - leaks->leak[i].live[0])
			leaks->leak[i].blocks = 0;
}

int diff_leaks_regions(struct diff_leaks *leaks, const struct diff_side *side)
{
	uint32_t from = leaks->count, *number;
	int error = add_all(leaks, &side[leaks->sides - 1].atlas);

	if (!error)
		error = fill_series(leaks, side, from);
	if (error)
		return error;
	number = diff_leaks_keep_growing(leaks, side, from);
	if (!number)
		return ENOMEM;
	error = count_survivors(leaks, side, number);
	if (!leaks->survived)
		drop_who_unmapped(leaks, from);
	free(number);
	return error;
}
