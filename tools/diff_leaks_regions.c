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

/* A region keeps the time of its call as long as it is mapped: what is there in the last snapshot
 * and came in the first interval was there all the time. */
static void count_survivors(
	struct diff_leaks *leaks, const struct diff_side *side, const uint32_t *number)
{
	uint64_t after = side[0].view.now.ticks, before = side[1].view.now.ticks;
	const struct atlas_region *region;
	uint32_t at = 0;

	while ((region = next_region(&side[leaks->sides - 1].atlas, &at))) {
		uint32_t found = number[region->frame];

		if (!found || region->time <= after || region->time > before)
			continue;
		leaks->leak[found - 1].blocks++;
		leaks->leak[found - 1].bytes += region->end - region->start;
	}
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
	count_survivors(leaks, side, number);
	if (!leaks->survived)
		drop_who_unmapped(leaks, from);
	free(number);
	return 0;
}
