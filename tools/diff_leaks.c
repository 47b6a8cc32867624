#include "diff_leaks.h"

#include <errno.h>
#include <stdlib.h>

#include "diff_leaks_blocks.h"
#include "diff_leaks_regions.h"

const char *diff_leaks_cannot(const struct diff_side *side, unsigned sides)
{
	for (unsigned i = 0; i < sides; i++) {
		if (!side[i].snapshot)
			return "leaks can be suspected in snapshots only";
		if (i && !diff_side_same_process(&side[i - 1], &side[i]))
			return "leaks can be suspected only in snapshots of one process";
		if (i && side[i].view.now.ticks <= side[i - 1].view.now.ticks)
			return "leaks can be suspected only in the order of time";
	}
	return NULL;
}

/* -- Adding ------------------------------------------------------------------------------------ */

struct diff_leak *diff_leaks_add(struct diff_leaks *leaks, uint32_t frame)
{
	struct diff_leak *leak = &leaks->leak[leaks->count++];

	*leak = (struct diff_leak){
		.frame = frame, .live = leaks->live + leaks->series++ * leaks->sides};
	return leak;
}

static bool grew_always(const struct diff_leaks *leaks, const struct diff_leak *leak)
{
	for (unsigned i = 1; i < leaks->sides; i++)
		if (leak->live[i] <= leak->live[i - 1])
			return false;
	return true;
}

uint32_t *diff_leaks_keep_growing(
	struct diff_leaks *leaks, const struct diff_side *side, uint32_t from)
{
	const struct atlas *last = &side[leaks->sides - 1].atlas;
	uint32_t *number = calloc((size_t)last->frames + 1, sizeof(*number)), kept = from;

	for (uint32_t i = from; number && i < leaks->count; i++) {
		if (!grew_always(leaks, &leaks->leak[i]))
			continue;
		leaks->leak[kept] = leaks->leak[i];
		if (leaks->leak[kept++].frame <= last->frames)
			number[leaks->leak[kept - 1].frame] = kept;
	}
	leaks->count = kept;
	return number;
}

/* -- The whole ------------------------------------------------------------------------------- */

static int by_bytes(const void *left, const void *right)
{
	const struct diff_leak *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (a->mapped != b->mapped)
		return a->mapped ? 1 : -1;
	return (a->frame > b->frame) - (a->frame < b->frame);
}

static bool exceeds(double bytes, double variance)
{
	return variance <= 0 || bytes > 2 * poisson_root(variance);
}

/* Chance alone makes one of forty grow by two standard errors. */
static bool is_sure(const struct diff_leaks *leaks, const struct diff_leak *leak)
{
	double growth = (double)leak->live[leaks->sides - 1] - (double)leak->live[0];

	return exceeds(growth, leak->growth_variance) &&
	       exceeds((double)leak->bytes, leak->variance);
}

static void keep_suspects(struct diff_leaks *leaks)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < leaks->count; i++)
		if (leaks->leak[i].blocks && is_sure(leaks, &leaks->leak[i]))
			leaks->leak[kept++] = leaks->leak[i];
	leaks->count = kept;
	if (kept)
		qsort(leaks->leak, kept, sizeof(*leaks->leak), by_bytes);
}

static int take_memory(struct diff_leaks *leaks, const struct atlas *last)
{
	size_t room = (size_t)last->stacks + last->regions + 1;

	leaks->leak = calloc(room, sizeof(*leaks->leak));
	leaks->live = calloc(room * leaks->sides, sizeof(*leaks->live));
	return leaks->leak && leaks->live ? 0 : ENOMEM;
}

int diff_leaks_make(struct diff_leaks *leaks, const struct diff_side *side, unsigned sides)
{
	int error;

	*leaks = (struct diff_leaks){.sides = sides, .survived = sides > 2};
	error = take_memory(leaks, &side[sides - 1].atlas);
	if (!error)
		error = diff_leaks_blocks(leaks, side);
	if (!error)
		error = diff_leaks_regions(leaks, side);
	if (!error)
		keep_suspects(leaks);
	return error;
}

void diff_leaks_free(struct diff_leaks *leaks)
{
	free(leaks->leak);
	free(leaks->live);
}
