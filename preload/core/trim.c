#include "trim.h"

/* request2size */
static uint64_t chunk_of(uint64_t size)
{
	uint64_t chunk = (size + 8 + 15) & ~(uint64_t)15;

	return chunk < TRIM_LEAST ? TRIM_LEAST : chunk;
}

uint64_t trim_chunk_end(uint64_t address, uint64_t size)
{
	return address - TRIM_HEADER + chunk_of(size);
}

uint64_t trim_slack(uint64_t size)
{
	return chunk_of(size) - 8 - size;
}

void trim_free_chunk(uint64_t from, uint64_t to, uint64_t page, uint64_t *start, uint64_t *end)
{
	uint64_t first = (from + TRIM_LINKS + page - 1) & ~(page - 1), last = to & ~(page - 1);

	*start = first;
	*end = from < to && first < last ? last : first;
}

void trim_top(uint64_t from, uint64_t to, uint64_t page, uint64_t *start, uint64_t *end)
{
	*start = *end = to;
	if (from < to && to - from > TRIM_LEAST + 1)
		*start = to - ((to - from - TRIM_LEAST - 1) & ~(page - 1));
}
