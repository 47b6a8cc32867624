/* frames.h - the frames of all call stacks, each once.
 *
 * A frame is a program counter in a module, and the caller's frame: a tree, whose leaves are whole
 * call stacks. One table for the process, see intern.h. A frame is looked for at two guesses before
 * the index: behind its parent, where its first child stands if they were new together (and so in
 * the same line of the cache), and where the parent's last other child was. */
#ifndef VMATLAS_FRAMES_H
#define VMATLAS_FRAMES_H

#include "intern.h"
#include "vmatlas_store.h"

#include <stdbool.h>
#include <stdint.h>

struct frames {
	struct intern table;
	/* By the same numbers: the child found last that does not stand behind its parent. A hint,
	 * written by anyone. */
	struct lane hints;
};
extern struct frames frames __attribute__((visibility("hidden")));

/* Frames that are new together take the lock once. */
struct frames_batch {
	struct held held;
	bool open;      /* the lock is held */
	uint32_t first; /* the first number appended: none of its children was there before */
};

/* The number of this frame by the index, appended if need be; 0 when it cannot be kept (counted).
 * All zeros begins a batch, in which only the first new frame takes a lock. Under the guard. */
uint32_t frames_add(struct frames_batch *batch, const struct vmatlas_frame *frame);

/* Ends a batch. */
void frames_end(struct frames_batch *batch);

static inline bool frames_is(uint32_t number, const struct vmatlas_frame *frame, uint32_t count)
{
	return number - 1 < count && /* 0 is none */
	       intern_equal(lane_get(&frames.table.lane, number), (const void *)frame,
		       sizeof *frame / sizeof(uint64_t));
}

/* The same as frames_add, by the guesses first. */
static inline uint32_t frames_number(struct frames_batch *batch, const struct vmatlas_frame *frame)
{
	uint32_t count = lane_count(&frames.table.lane), parent = frame->parent, hint;

	if (frames_is(parent + 1, frame, count))
		return parent + 1;
	/* A level may hold any number, should the program have written over it. */
	if (parent - 1 < count && !batch->open) {
		hint = *(const volatile uint32_t *)lane_get(&frames.hints, parent);
		if (frames_is(hint, frame, count))
			return hint;
	}
	return frames_add(batch, frame);
}

/* The struct vmatlas_frame records, and how many could not be kept. Anywhere. */
const struct lane *frames_lane(void);
uint64_t frames_lost(void);

#endif
