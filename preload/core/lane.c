#include "lane.h"

void lane_over(struct lane *lane, void *records, uint32_t count, uint32_t record_size)
{
	for (unsigned i = 0; i < LANE_SEGMENTS; i++) {
		uint64_t start = lane_segment_start(i);

		lane->segment[i] = start < count ? (char *)records + start * record_size : NULL;
	}
	lane->record_size = record_size;
	lane->count = count;
}
