/* sample.h - which allocations get a call stack, where not all do.
 *
 * With VMATLAS_SAMPLE one in so many bytes is a sample, each as likely as the next: the gaps
 * between them are drawn from an exponential distribution, which has no memory, so a thread just
 * counts down the bytes that it allocates. The block in which a gap ends is sampled, once, however
 * many more would end in it; what it then stands for is in core/poisson.h. */
#ifndef VMATLAS_SAMPLE_H
#define VMATLAS_SAMPLE_H

#include "core/lane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mean bytes between two samples; 0: each allocation gets its call stack. Set once, at the start.
 */
extern uint64_t sample_mean __attribute__((visibility("hidden")));

/* Sampling, behind wrappers that need no guard around the real call: the allocator is glibc's,
 * which calls none of them, nobody writes down who frees, and blocks that are no samples have
 * briefs. Set once, at the start. */
extern bool sample_quick __attribute__((visibility("hidden")));

/* One thread's; all zeros: not begun. */
struct sample {
	int64_t left; /* bytes until the next sample; none: it is there */
	uint64_t random;
	uint32_t moment; /* of its blocks without a call stack: no time and no mapping */
};

/* Anywhere. */
static inline bool sample_on(void)
{
	return __builtin_expect(sample_mean != 0, 0);
}

static inline bool sample_begun(const struct sample *sample)
{
	return sample->random != 0;
}

/* Counts an allocation; whether it is no sample. One that is, or the first of all, ends the count
 * and must be followed by sample_next or sample_begin. A block of no bytes counts as one. By the
 * thread it belongs to. */
static inline bool sample_passes(struct sample *sample, size_t size)
{
	sample->left -= (int64_t)(size + !size);
	return __builtin_expect(sample->left > 0, 1);
}

/* Another seed is another sequence. By the thread it belongs to. */
void sample_begin(struct sample *sample, uint64_t seed);

/* Draws the gap behind a sample. By the thread it belongs to. */
void sample_next(struct sample *sample);

/* A sampled block of this origin: adds what it stands for to the origin's weight. Under the guard,
 * by the thread of the origin's slot; may take a lock. */
void sample_weigh(uint32_t origin, size_t size);

/* The struct vmatlas_weight records, as many as there were origins when the last new one was
 * sampled. Anywhere. */
const struct lane *sample_weights(void);

/* Samples whose weight could not be kept. Anywhere. */
uint64_t sample_lost(void);

/* `unguarded`: what sample_quick says of the allocator holds. Idempotent. Start only. */
void sample_boot(uint64_t mean, bool unguarded);

#endif
