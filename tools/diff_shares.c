#include "diff_shares.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 1024 };

static size_t slot_of(const struct diff_shares *shares, uint32_t change, uint32_t stack)
{
	/* Multiplying by the golden ratio of 2^64 spreads neighbours: Knuth, volume 3, 6.4. */
	uint64_t hash = ((uint64_t)change << 32 | stack) * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(hash >> 32) & (shares->slots - 1);

	while (shares->slot[at]) {
		const struct diff_share *share = &shares->share[shares->slot[at] - 1];

		if (share->change == change && share->stack == stack)
			break;
		at = (at + 1) & (shares->slots - 1);
	}
	return at;
}

static bool grow(struct diff_shares *shares)
{
	size_t room = shares->room ? 2 * shares->room : LEAST;
	struct diff_share *share = reallocarray(shares->share, room, sizeof(*share));

	if (share)
		shares->share = share;
	free(shares->slot);
	shares->slots = 2 * room;
	shares->slot = calloc(shares->slots, sizeof(*shares->slot));
	if (!share || !shares->slot)
		return false;
	shares->room = room;
	for (size_t i = 0; i < shares->count; i++)
		shares->slot[slot_of(shares, share[i].change, share[i].stack)] = (uint32_t)i + 1;
	return true;
}

struct diff_share *diff_shares_at(struct diff_shares *shares, uint32_t change, uint32_t stack)
{
	static struct diff_share nobody;
	size_t at;

	if (!shares->error && shares->count == shares->room && !grow(shares))
		shares->error = ENOMEM;
	if (shares->error)
		return &nobody;
	at = slot_of(shares, change, stack);
	if (!shares->slot[at]) {
		shares->share[shares->count] =
			(struct diff_share){.change = change, .stack = stack};
		shares->slot[at] = (uint32_t)++shares->count;
	}
	return &shares->share[shares->slot[at] - 1];
}

int64_t diff_share_growth(const struct diff_share *share)
{
	return (int64_t)((uint64_t)share->live_bytes + (uint64_t)share->region_bytes);
}

static int64_t resident_growth(const struct diff_share *share)
{
	return (int64_t)((uint64_t)share->live_resident + (uint64_t)share->region_resident);
}

static int compare(const void *left, const void *right)
{
	const struct diff_share *a = left, *b = right;
	int64_t x = diff_share_growth(a), y = diff_share_growth(b);

	if (a->change != b->change)
		return a->change < b->change ? -1 : 1;
	if (x == y) {
		x = resident_growth(a);
		y = resident_growth(b);
	}
	if (x != y)
		return x > y ? -1 : 1;
	return (a->stack > b->stack) - (a->stack < b->stack);
}

static bool grew(const struct diff_share *share)
{
	return share->live_bytes || share->live_resident || share->region_bytes ||
	       share->region_resident;
}

static void settle(struct diff_share *share)
{
	share->live_bytes += poisson_whole(share->live.sum);
	share->live_resident += poisson_whole(share->resident.sum);
	share->live_error = poisson_error(share->live.variance);
	share->resident_error = poisson_error(share->resident.variance);
}

void diff_shares_sort(struct diff_shares *shares)
{
	size_t kept = 0;

	for (size_t i = 0; i < shares->count; i++)
		settle(&shares->share[i]);
	for (size_t i = 0; i < shares->count; i++)
		if (grew(&shares->share[i]))
			shares->share[kept++] = shares->share[i];
	shares->count = kept;
	if (kept)
		qsort(shares->share, kept, sizeof(*shares->share), compare);
}

size_t diff_shares_of(
	const struct diff_shares *shares, uint32_t change, const struct diff_share **first)
{
	size_t from = 0, to = shares->count, end;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (shares->share[middle].change < change)
			from = middle + 1;
		else
			to = middle;
	}
	for (end = from; end < shares->count && shares->share[end].change == change;)
		end++;
	*first = end > from ? &shares->share[from] : NULL;
	return end - from;
}

void diff_shares_free(struct diff_shares *shares)
{
	free(shares->share);
	free(shares->slot);
}
