#include "view.h"

/* A text in the lane of strings: four bytes of length, then its bytes, in neighbouring records of
 * one segment. */
struct text_record {
	uint32_t length;
	char bytes[];
};

struct blocks_tables view_tables(const struct view *view)
{
	return (struct blocks_tables){
		.moments = view->moments, .bigs = view->bigs, .unchecked = view->from_file};
}

/* Floating point keeps the nanosecond over weeks (53 bits), and a 128-bit division would be a call
 * into libgcc. */
static double tick_ns(const struct view *view)
{
	uint64_t ticks = view->now.ticks - view->start.ticks;
	uint64_t ns = view->now.monotonic_ns - view->start.monotonic_ns;

	if (view->now.ticks <= view->start.ticks ||
		view->now.monotonic_ns < view->start.monotonic_ns)
		return 1.0;
	return (double)ns / (double)ticks;
}

uint64_t view_span_ns(const struct view *view, uint64_t ticks)
{
	double ns = (double)ticks * tick_ns(view);

	return ns < (double)INT64_MAX ? (uint64_t)ns : INT64_MAX;
}

uint64_t view_time_ns(const struct view *view, uint64_t ticks)
{
	uint64_t start = view->start.realtime_ns, span;

	if (!ticks)
		return 0;
	if (ticks < view->start.ticks) {
		span = view_span_ns(view, view->start.ticks - ticks);
		return span < start ? start - span : 0;
	}
	span = view_span_ns(view, ticks - view->start.ticks);
	return start < INT64_MAX - span ? start + span : INT64_MAX;
}

uint64_t view_age_ns(const struct view *view, uint64_t ticks)
{
	return ticks && ticks < view->now.ticks ? view_span_ns(view, view->now.ticks - ticks) : 0;
}

/* How many bytes a text that starts at record `id` may have at most. */
static uint64_t room_of(const struct lane *strings, uint32_t id)
{
	unsigned segment = lane_segment(id - 1);
	uint64_t end = lane_segment_start(segment) + lane_segment_length(segment);
	uint64_t count = lane_count(strings);

	return ((end < count ? end : count) - (id - 1)) * strings->record_size -
	       sizeof(struct text_record);
}

const char *view_string(const struct view *view, uint32_t id, size_t *length)
{
	const struct text_record *record = lane_find(view->strings, id);

	*length = 0;
	if (!record || record->length > room_of(view->strings, id))
		return "";
	*length = record->length;
	return record->bytes;
}

uint32_t view_tid(const struct view *view, uint32_t thread)
{
	const struct vmatlas_thread *record = lane_find(view->threads, thread);

	return record ? record->tid : 0;
}

const struct vmatlas_sighting *view_sighting(const struct view *view, uint64_t address)
{
	uint32_t low = 0, high = view->sightings;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (view->sighting[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->sightings && view->sighting[low].start <= address ? &view->sighting[low]
									     : NULL;
}
