#include "span.h"

#include <stdbool.h>
#include <stddef.h>

static bool is_sorted(const struct spans *spans)
{
	for (uint32_t i = 1; i < spans->count; i++) {
		if (spans->span[i].start < spans->span[i - 1].start)
			return false;
	}
	return true;
}

/* The last one is at the root. */
static void sift(struct span *span, uint32_t at, uint32_t count)
{
	struct span moved = span[at];
	uint32_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && span[child].start < span[child + 1].start)
			child++;
		if (span[child].start <= moved.start)
			break;
		span[at] = span[child];
		at = child;
	}
	span[at] = moved;
}

/* Heapsort: in place, and no recursion on a stack that may be small. */
static void sort(struct spans *spans)
{
	struct span *span = spans->span, last;

	for (uint32_t i = spans->count / 2; i-- > 0;)
		sift(span, i, spans->count);
	for (uint32_t i = spans->count; i-- > 1;) {
		last = span[i];
		span[i] = span[0];
		span[0] = last;
		sift(span, 0, i);
	}
}

static void part(struct spans *spans)
{
	uint32_t kept = 0;
	uint64_t end = 0;

	for (uint32_t i = 0; i < spans->count; i++) {
		struct span span = spans->span[i];

		if (span.start < end)
			span.start = end;
		if (span.start >= span.end)
			continue;
		end = span.end;
		spans->span[kept++] = span;
	}
	spans->count = kept;
}

void spans_order(struct spans *spans)
{
	if (!is_sorted(spans))
		sort(spans);
	part(spans);
	spans->at = 0;
}

const struct span *spans_past(struct spans *spans, uint64_t address)
{
	while (spans->at < spans->count && spans->span[spans->at].end <= address)
		spans->at++;
	return spans->at < spans->count ? &spans->span[spans->at] : NULL;
}

const struct span *spans_holding(const struct spans *spans, uint64_t address)
{
	uint32_t low = 0, high = spans->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (spans->span[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low < spans->count && spans->span[low].start <= address ? &spans->span[low] : NULL;
}
