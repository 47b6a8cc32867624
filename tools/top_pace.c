#include "top_pace.h"

enum { NS_PER_MS = 1000000 };

/* Rounded up: the share is kept, not met. */
uint64_t top_pace(uint64_t wanted_ms, uint64_t spent_ns)
{
	uint64_t least = spent_ns / NS_PER_MS * (TOP_PACE_SHARE - 1);

	least += (spent_ns % NS_PER_MS * (TOP_PACE_SHARE - 1) + NS_PER_MS - 1) / NS_PER_MS;
	return wanted_ms > least ? wanted_ms : least;
}
