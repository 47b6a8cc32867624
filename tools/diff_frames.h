/* diff_frames.h - the same call stacks in two snapshots. */
#ifndef VMATLAS_DIFF_FRAMES_H
#define VMATLAS_DIFF_FRAMES_H

#include "../preload/core/view.h"

/* By the number of a frame in either snapshot: a number that both share. Frames are the same where
 * they lie at the same place of the same file (known by its build-id, else by its path), and so do
 * all their callers; outside of files, where their addresses are the same. */
struct diff_frames {
	uint32_t *of[2];
	uint32_t frames[2]; /* the largest number in of[] */
	uint32_t count;     /* the largest shared number */
};

/* 0 or ENOMEM; to be given to diff_frames_free in any case. */
int diff_frames_make(struct diff_frames *frames, const struct view *old, const struct view *new);
void diff_frames_free(struct diff_frames *frames);

/* The shared number; 0 for none, or a number that leads nowhere. */
uint32_t diff_frames_of(const struct diff_frames *frames, int side, uint32_t frame);

#endif
