#include "phase.h"

uint32_t phase_count(const struct view *view)
{
	return view->phases ? lane_count(view->phases) : 0;
}

bool phase_read(const struct view *view, uint32_t id, struct vmatlas_phase *phase)
{
	const struct vmatlas_phase *record = view->phases ? lane_find(view->phases, id) : NULL;

	/* Its time is written last. */
	if (!record || !__atomic_load_n(&record->time, __ATOMIC_ACQUIRE))
		return false;
	*phase = *record;
	return phase->name_length <= sizeof phase->name;
}
