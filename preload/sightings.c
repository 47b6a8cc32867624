#include "sightings.h"

#include <stddef.h>

enum { MOST = 4096 };

struct list {
	struct vmatlas_sighting of[MOST];
	uint32_t count;
};

static struct {
	struct list list[2];
	struct list *last, *made; /* of the report before, and of this one */
	uint32_t at;              /* in the last */
	uint32_t number, before;  /* of this report and the one before it */
} self = {.last = &self.list[0], .made = &self.list[1]};

void sightings_begin(uint32_t number)
{
	self.at = 0;
	self.made->count = 0;
	self.before = self.number;
	self.number = number;
}

static void put(uint64_t start, uint64_t end, uint32_t after, uint32_t seen)
{
	struct list *made = self.made;
	struct vmatlas_sighting *last = made->count ? &made->of[made->count - 1] : NULL;

	if (last && last->end == start && last->seen == seen)
		last->end = end;
	else if (made->count < MOST)
		made->of[made->count++] = (struct vmatlas_sighting){start, end, after, seen};
}

static const struct vmatlas_sighting *last_past(uint64_t address)
{
	while (self.at < self.last->count && self.last->of[self.at].end <= address)
		self.at++;
	return self.at < self.last->count ? &self.last->of[self.at] : NULL;
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
	struct list *made = self.made;

	self.made = self.last;
	self.last = made;
}

const struct vmatlas_sighting *sightings(uint32_t *count)
{
	*count = self.last->count;
	return self.last->of;
}
