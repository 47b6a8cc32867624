#include "region.h"

/* A writer holds a record for a handful of stores; a reader that finds it busy for this long has
 * interrupted the writer and will never see it finished. */
enum { READ_TRIES = 100 };

bool region_read(const struct vmatlas_region *record, struct vmatlas_region *region)
{
	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);

		region_copy(region, record);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(sequence & 1) &&
			__atomic_load_n(&record->sequence, __ATOMIC_RELAXED) == sequence)
			return region->state == VMATLAS_REGION_LIVE && region->start < region->end;
	}
	return false;
}

bool region_holding(const struct lane *regions, uint64_t address, struct vmatlas_region *region)
{
	uint32_t count = lane_count(regions);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(regions, id);

		if (record && region_read(record, region) && region->start <= address &&
			address < region->end)
			return true;
	}
	return false;
}

const char *region_call_name(uint32_t call)
{
	switch (call) {
	case VMATLAS_CALL_MMAP:
		return "mmap";
	case VMATLAS_CALL_MREMAP:
		return "mremap";
	case VMATLAS_CALL_SHMAT:
		return "shmat";
	case VMATLAS_CALL_BRK:
		return "brk";
	case VMATLAS_CALL_BEFORE:
		return "before";
	case VMATLAS_CALL_WITHIN:
		return "within malloc";
	default:
		return "other";
	}
}
