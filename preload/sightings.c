#include "sightings.h"
#include "warm.h"

#include <stddef.h>

enum { MOST = 4096 };

struct list {
	struct vmatlas_sighting of[MOST];
	uint32_t count;
};

static struct {
	struct list list[2];     /* by turns of the report before and of this one */
	uint32_t turn;           /* even: the first list is of the report before */
	uint32_t at;             /* in the last */
	uint32_t number, before; /* of this report and the one before it */
} self WARM_NOT;

static struct list *last(void)
{
	return &self.list[self.turn % 2];
}

static struct list *made(void)
{
	return &self.list[(self.turn + 1) % 2];
}

void sightings_begin(uint32_t number)
{
	self.at = 0;
	made()->count = 0;
	self.before = self.number;
	self.number = number;
}

static void put(uint64_t start, uint64_t end, uint32_t after, uint32_t seen)
{
	struct list *list = made();
	struct vmatlas_sighting *before = list->count ? &list->of[list->count - 1] : NULL;

	if (before && before->end == start && before->seen == seen)
		before->end = end;
	else if (list->count < MOST)
		list->of[list->count++] = (struct vmatlas_sighting){start, end, after, seen};
}

static const struct vmatlas_sighting *last_past(uint64_t address)
{
	const struct list *list = last();

	while (self.at < list->count && list->of[self.at].end <= address)
		self.at++;
	return self.at < list->count ? &list->of[self.at] : NULL;
}

/* Piece by piece, as old as the report before knew each to be. */
void sightings_add(uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct vmatlas_sighting *old = last_past(start);
		uint64_t stop = end;

		if (old && old->start <= start) {
			stop = old->end < end ? old->end : end;
			put(start, stop, old->after, old->seen);
		} else {
			stop = old && old->start < end ? old->start : end;
			put(start, stop, self.before, self.number);
		}
		start = stop;
	}
}

void sightings_end(void)
{
	self.turn++;
}

const struct vmatlas_sighting *sightings(uint32_t *count)
{
	*count = last()->count;
	return last()->of;
}
