#include "sample.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"
#include "vmatlas_store.h"

#include "core/poisson.h"

uint64_t sample_mean;
bool sample_quick;

static struct {
	struct lane weights; /* numbered as the origins; under locks()->origins */
	_Atomic uint64_t lost;
} self STORETABLES = {
	.weights = {.record_size = sizeof(struct vmatlas_weight)},
};

/* -- When ----------------------------------------------------------------------------------- */

/* Splitmix: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014. A state of
 * 0 would say that nothing has begun. */
static uint64_t roll(struct sample *sample)
{
	uint64_t bits = sample->random += 0x9e3779b97f4a7c15u;

	sample->random += !sample->random;
	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
	return bits ^ bits >> 31;
}

void sample_next(struct sample *sample)
{
	sample->left = (int64_t)poisson_gap(roll(sample), sample_mean);
}

/* Seeds that differ little, as of neighbouring threads, lie at neighbouring places of one sequence:
 * two rolls put them far from each other. */
void sample_begin(struct sample *sample, uint64_t seed)
{
	sample->random = seed;
	sample->random = roll(sample) | 1;
	sample_next(sample);
}

/* -- What a sample stands for --------------------------------------------------------------- */

/* The first sample of an origin. */
static __attribute__((noinline)) struct vmatlas_weight *weight_make(uint32_t origin)
{
	struct held held;
	uint32_t count = 0;

	if (!lock_take_guarded(&locks()->origins, &held))
		return NULL;
	do
		count = store_append(&self.weights, origin);
	while (count && count < origin);
	lock_release(&held);
	return lane_find(&self.weights, origin);
}

/* Only this thread writes them; a reader sees either value whole. */
static void add(double *sum, double value)
{
	value += *sum;
	__atomic_store(sum, &value, __ATOMIC_RELAXED);
}

void sample_weigh(uint32_t origin, size_t size)
{
	struct vmatlas_weight *weight = lane_find(&self.weights, origin);
	struct poisson of = poisson_of(size, sample_mean);
	double bytes = (double)size;

	if (!weight)
		weight = weight_make(origin);
	if (!weight) {
		atomic_fetch_add_explicit(&self.lost, 1, memory_order_relaxed);
		return;
	}
	__atomic_store_n(&weight->samples, weight->samples + 1, __ATOMIC_RELAXED);
	add(&weight->allocations, of.weight);
	add(&weight->allocations_variance, of.doubt);
	add(&weight->allocated_bytes, of.weight * bytes);
	add(&weight->allocated_bytes_variance, of.doubt * bytes * bytes);
}

const struct lane *sample_weights(void)
{
	return &self.weights;
}

uint64_t sample_lost(void)
{
	return atomic_load_explicit(&self.lost, memory_order_relaxed);
}

void sample_boot(uint64_t mean, bool unguarded)
{
	if (!sample_mean)
		sample_mean = mean;
	sample_quick = sample_mean && unguarded;
}
