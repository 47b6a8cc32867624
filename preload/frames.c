#include "frames.h"
#include "intern.h"
#include "vmatlas_store.h"

/* A gigabyte of frames; clang compiling a large file has half a million. */
enum { FRAMES_LIMIT = 1 << 26, FRAME_WORDS = 2 };

_Static_assert(
	sizeof(struct vmatlas_frame) == FRAME_WORDS * sizeof(uint64_t), "a frame is its own key");

static struct {
	struct intern table;
} self = {.table = {.lane = {.record_size = sizeof(struct vmatlas_frame)},
		  .key_words = FRAME_WORDS,
		  .limit = FRAMES_LIMIT}};

uint32_t frames_add(uint64_t pc, uint32_t parent, uint32_t module)
{
	struct vmatlas_frame frame = {pc, parent, module};
	uint32_t number = intern_find(&self.table, &frame, FRAME_WORDS);

	return number ? number : intern_add(&self.table, &locks()->frames, &frame);
}

const struct lane *frames_lane(void)
{
	return &self.table.lane;
}

uint64_t frames_lost(void)
{
	return atomic_load_explicit(&self.table.lost, memory_order_relaxed);
}
