#include "strings.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"

#include <string.h>

/* 64 MiB of text: ten thousand of the longest paths. */
enum { LIMIT = 1 << 20 };

static struct {
	struct lane lane;
} self STORETABLES = {.lane = {.record_size = STRINGS_RECORD}};

static uint32_t segment_rest(uint32_t count)
{
	unsigned segment = lane_segment(count);

	return (uint32_t)(lane_segment_start(segment) + lane_segment_length(segment) - count);
}

/* The first of so many neighbours. What is left of a segment may be too short for them: it stays
 * empty, since the next segment lies elsewhere. */
static uint32_t append(uint32_t records)
{
	uint32_t first, last;

	while (segment_rest(lane_count(&self.lane)) < records)
		if (!store_append(&self.lane, LIMIT))
			return 0;
	first = last = store_append(&self.lane, LIMIT);
	for (uint32_t i = 1; last && i < records; i++)
		last = store_append(&self.lane, LIMIT);
	return last ? first : 0;
}

uint32_t strings_add(const char *text, size_t length)
{
	struct strings_text *copy;
	struct held held;
	uint32_t number;

	if (length > STRINGS_LONGEST)
		length = STRINGS_LONGEST;
	if (!lock_take(&locks()->strings, &held))
		return 0;
	number = append((uint32_t)((sizeof *copy + length + STRINGS_RECORD - 1) / STRINGS_RECORD));
	if (number) {
		copy = lane_get(&self.lane, number);
		memcpy(copy->bytes, text, length);
		copy->length = (uint32_t)length;
	}
	lock_release(&held);
	return number;
}

const struct strings_text *strings_get(uint32_t number)
{
	return lane_find(&self.lane, number);
}

const struct lane *strings_lane(void)
{
	return &self.lane;
}
