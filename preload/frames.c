#include "frames.h"
#include "store.h"
#include "storetables.h"

/* A gigabyte of frames; clang compiling a large file has 800,000. */
enum { FRAMES_LIMIT = INTERN_MOST, FRAME_WORDS = 2 };

_Static_assert(
	sizeof(struct vmatlas_frame) == FRAME_WORDS * sizeof(uint64_t), "a frame is its own key");

struct frames frames STORETABLES = {
	.table = {.lane = {.record_size = sizeof(struct vmatlas_frame)},
		.key_words = FRAME_WORDS,
		.limit = FRAMES_LIMIT},
	.hints = {.record_size = sizeof(uint32_t)},
};

/* A frame has its place for a hint before it has its number. */
static uint32_t append(const struct vmatlas_frame *frame)
{
	uint32_t next = lane_count(&frames.table.lane) + 1;

	if (lane_count(&frames.hints) < next && !store_append(&frames.hints, FRAMES_LIMIT))
		return 0;
	return intern_append(&frames.table, frame);
}

static void hint(uint32_t parent, uint32_t number)
{
	if (parent && number && number != parent + 1)
		*(volatile uint32_t *)lane_get(&frames.hints, parent) = number;
}

static uint32_t find(const struct vmatlas_frame *frame)
{
	return intern_find(&frames.table, frame, FRAME_WORDS);
}

static uint32_t add(struct frames_batch *batch, const struct vmatlas_frame *frame)
{
	bool child_of_new = batch->open && batch->first && frame->parent >= batch->first;
	uint32_t number = child_of_new ? 0 : find(frame);

	if (number)
		return number;
	if (!batch->open) {
		batch->open = lock_take_guarded(&locks()->frames, &batch->held);
		if (!batch->open)
			return 0;
		number = find(frame);
	}
	if (!number) {
		number = append(frame);
		if (!batch->first)
			batch->first = number;
	}
	return number;
}

/* A thread's levels told a number that is none: the program wrote over them. */
static uint32_t lose(void)
{
	atomic_fetch_add_explicit(&frames.table.lost, 1, memory_order_relaxed);
	return 0;
}

uint32_t frames_add(struct frames_batch *batch, const struct vmatlas_frame *frame)
{
	uint32_t number;

	if (frame->parent > lane_count(&frames.table.lane))
		return lose();
	number = add(batch, frame);
	hint(frame->parent, number);
	return number;
}

void frames_end(struct frames_batch *batch)
{
	if (batch->open)
		lock_release(&batch->held);
	batch->open = false;
}

const struct lane *frames_lane(void)
{
	return &frames.table.lane;
}

uint64_t frames_lost(void)
{
	return atomic_load_explicit(&frames.table.lost, memory_order_relaxed);
}
