#include "freed.h"

/* A writer takes a record for a handful of stores, and then not again for a whole round of the
 * ring: what is being written now is left out. */
bool freed_read(const struct vmatlas_freed *record, struct vmatlas_freed *freed)
{
	uint64_t sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);

	if (!sequence || sequence & 1)
		return false;
	freed_copy(freed, record);
	freed->sequence = sequence;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&record->sequence, __ATOMIC_RELAXED) == sequence &&
	       freed->size <= UINT64_MAX - freed->address;
}

static bool held(const struct vmatlas_freed *freed, uint64_t address)
{
	return address == freed->address ||
	       (address > freed->address && address - freed->address < freed->size);
}

/* Two threads can release one address within a tick; the later number is the later then. */
static bool later(const struct vmatlas_freed *one, const struct vmatlas_freed *other)
{
	if (one->freed != other->freed)
		return one->freed > other->freed;
	return one->sequence > other->sequence;
}

bool freed_last(
	const struct lane *records, uint64_t address, uint64_t before, struct vmatlas_freed *freed)
{
	uint32_t count = records ? lane_count(records) : 0;
	struct vmatlas_freed next;
	bool any = false;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_freed *record = lane_find(records, id);

		if (!record || !freed_read(record, &next) || !held(&next, address) ||
			next.freed >= before)
			continue;
		if (!any || later(&next, freed))
			*freed = next;
		any = true;
	}
	return any;
}

const char *freed_release_name(uint32_t release)
{
	switch (release) {
	case VMATLAS_RELEASE_FREE:
		return "free";
	case VMATLAS_RELEASE_REALLOC:
		return "realloc";
	case VMATLAS_RELEASE_MUNMAP:
		return "munmap";
	case VMATLAS_RELEASE_MREMAP:
		return "mremap";
	case VMATLAS_RELEASE_SHMDT:
		return "shmdt";
	default:
		return "other";
	}
}
