/* Which blocks are sampled: by their bytes, each byte as likely as the next. And what the tables
 * then hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "callstack.h"
#include "clock.h"
#include "core/poisson.h"
#include "dice.h"
#include "lock.h"
#include "process.h"
#include "sample.h"
#include "tracked.h"

enum { MEAN = 4096, GAPS = 200000 };

static int set_up(void **state)
{
	(void)state;
	lock_boot();
	clock_boot();
	mappings_boot();
	table_boot(true, false);
	track_boot();
	process_boot();
	sample_boot(MEAN, false);
	guard_close((uintptr_t)__builtin_frame_address(0) + 1024);
	return 0;
}

/* -- The gaps ------------------------------------------------------------------------------- */

static void gaps_are_exponential(void **state)
{
	enum { CELLS = 20 };
	struct sample sample = {0};
	unsigned count[CELLS] = {0};
	double sum = 0, chi = 0;

	(void)state;
	sample_begin(&sample, 1);
	for (int i = 0; i < GAPS; i++) {
		/* Cells that are as likely as each other. */
		double gap = (double)sample.left - 0.5;

		sum += gap;
		count[(int)(CELLS * -expm1(-gap / MEAN))]++;
		sample_next(&sample);
	}
	for (int i = 0; i < CELLS; i++) {
		double expected = (double)GAPS / CELLS, off = count[i] - expected;

		chi += off * off / expected;
	}
	/* A mean's standard error is mean / sqrt(n). Of 19 degrees of freedom, 1 in 10^4 is above
	 * 50; the seed is fixed, so this passes or fails for good. */
	assert_true(fabs(sum / GAPS - MEAN) < 4 * MEAN / sqrt(GAPS));
	assert_true(chi < 50);
}

static void a_gap_tells_nothing_of_the_next(void **state)
{
	struct sample sample = {0};
	double product = 0, before = 0;

	(void)state;
	sample_begin(&sample, 2);
	for (int i = 0; i < GAPS; i++) {
		double gap = (double)sample.left / MEAN - 1;

		product += gap * before;
		before = gap;
		sample_next(&sample);
	}
	assert_true(fabs(product / GAPS) < 4 / sqrt(GAPS));
}

static double share_sampled(struct sample *sample, size_t size, unsigned rounds)
{
	unsigned sampled = 0;

	for (unsigned i = 0; i < rounds; i++) {
		if (sample_passes(sample, size))
			continue;
		sampled++;
		sample_next(sample);
	}
	return (double)sampled / rounds;
}

static void a_block_is_sampled_with_its_chance(void **state)
{
	static const size_t sizes[] = {0, 1, 8, 100, 4095, 4096, 10000, 1 << 20};
	struct sample sample = {0};

	(void)state;
	sample_begin(&sample, 3);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		double p = poisson_chance(sizes[i], MEAN), rounds = 1000000;

		assert_true(fabs(share_sampled(&sample, sizes[i], (unsigned)rounds) - p) <=
			    4.5 * sqrt(p * (1 - p) / rounds));
	}
}

/* Also beside others of other sizes. */
static void sizes_that_take_turns_keep_their_chances(void **state)
{
	static const size_t sizes[] = {16, 3000, 64, 20000};
	unsigned sampled[4] = {0}, rounds = 1000000;
	struct sample sample = {0};
	struct dice dice = {4};

	(void)state;
	sample_begin(&sample, 4);
	for (unsigned i = 0; i < 4 * rounds; i++) {
		unsigned which = (unsigned)dice_below(&dice, 4);

		if (sample_passes(&sample, sizes[which]))
			continue;
		sampled[which]++;
		sample_next(&sample);
	}
	for (unsigned i = 0; i < 4; i++) {
		double p = poisson_chance(sizes[i], MEAN);

		assert_true(fabs((double)sampled[i] / rounds - p) < 6 * sqrt(p / rounds));
	}
}

static void seeds_give_sequences_of_their_own(void **state)
{
	struct sample a = {0}, b = {0};
	unsigned same = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		sample_begin(&a, seed);
		sample_begin(&b, seed + 1);
		assert_true(sample_begun(&a) && a.left > 0);
		same += a.left == b.left || a.random == b.random;
	}
	assert_true(same < 5);
}

/* -- The tables ----------------------------------------------------------------------------- */

static __attribute__((noinline)) void *allocate(size_t size)
{
	struct callstack_at at = CALLSTACK_HERE();
	void *block = malloc(size);

	track_made(thread_attach(), block, size, &at);
	return block;
}

static void every_block_is_there_and_samples_have_a_call_stack(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 16382, 16383, 1 << 20};
	struct block found;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		size_t size = sizes[i % 6];
		void *block = allocate(size);

		assert_true(tracked_find(block, &found));
		assert_int_equal(found.size, size);
		assert_int_equal(found.thread, thread_attach()->id);
		assert_true(!found.origin == !found.time && !found.origin == !found.mapping);
		if (size == 1 << 20)
			assert_true(found.origin);
		tracked_release(block);
		assert_false(tracked_find(block, &found));
	}
}

static void totals_do_not_know_of_samples(void **state)
{
	struct thread_totals before = thread_totals(), after;
	void *block[1000];

	(void)state;
	for (int i = 0; i < 1000; i++)
		block[i] = allocate((size_t)i);
	after = thread_totals();
	assert_int_equal(after.allocations - before.allocations, 1000);
	assert_int_equal(after.allocated_bytes - before.allocated_bytes, 999 * 1000 / 2);
	for (int i = 0; i < 1000; i++)
		tracked_release(block[i]);
	after = thread_totals();
	assert_int_equal(after.frees - before.frees, 1000);
	assert_int_equal(after.freed_bytes - before.freed_bytes, 999 * 1000 / 2);
	assert_int_equal(after.replaced, before.replaced);
}

static struct vmatlas_weight sum_of_weights(void)
{
	struct vmatlas_weight sum = {0};

	for (uint32_t id = 1; id <= lane_count(sample_weights()); id++) {
		const struct vmatlas_weight *weight = lane_get(sample_weights(), id);

		sum.samples += weight->samples;
		sum.allocations += weight->allocations;
		sum.allocated_bytes += weight->allocated_bytes;
		sum.allocated_bytes_variance += weight->allocated_bytes_variance;
	}
	return sum;
}

static void what_was_ever_allocated_is_estimated(void **state)
{
	enum { BLOCKS = 100000, SIZE = 200 };
	struct vmatlas_weight before = sum_of_weights(), after;
	double p = poisson_chance(SIZE, MEAN), bytes, samples;

	(void)state;
	for (int i = 0; i < BLOCKS; i++)
		tracked_release(allocate(SIZE));
	after = sum_of_weights();
	samples = (double)(after.samples - before.samples);
	bytes = after.allocated_bytes - before.allocated_bytes;
	assert_true(fabs(samples - p * BLOCKS) < 6 * sqrt(p * BLOCKS));
	assert_true(fabs(bytes - samples * SIZE / p) < 1);
	assert_true(fabs(after.allocations - before.allocations - samples / p) < 1);
	assert_true(fabs(after.allocated_bytes_variance - before.allocated_bytes_variance -
			    samples * SIZE * SIZE * (1 - p) / p / p) < 1000);
	assert_int_equal(sample_lost(), 0);
}

/* Weights are numbered as the origins: they must not be made up to whatever stands there. */
static void a_memo_that_was_written_over_makes_no_weights(void **state)
{
	struct thread *thread = thread_attach();
	uint32_t count = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		if (round == 1)
			count = lane_count(sample_weights());
		for (int i = 0; i < THREAD_MEMO; i++)
			thread->memo[i].origin |= round ? 1 << 28 : 0;
		tracked_release(allocate(1 << 20));
	}
	assert_int_not_equal(count, 0);
	assert_int_equal(lane_count(sample_weights()), count);
	memset(thread->memo, 0, sizeof thread->memo);
}

static void a_forked_child_draws_other_gaps(const void *left)
{
	tracked_release(allocate(1));
	CHECK(thread_attach()->sample.left != *(const int64_t *)left - 1);
}

static void a_forked_child_begins_anew(void **state)
{
	int64_t left;

	(void)state;
	tracked_release(allocate(1));
	left = thread_attach()->sample.left;
	assert_int_equal(apart(a_forked_child_draws_other_gaps, &left), 0);
}

/* -- Before there is an environment --------------------------------------------------------- */

static void what_is_older_has_no_call_stack(void **state)
{
	struct block found;
	struct callstack_at at = CALLSTACK_HERE();
	void *small = malloc(10), *large = malloc(100000);

	(void)state;
	track_alloc(thread_attach(), small, 10, &at);
	track_alloc(thread_attach(), large, 100000, &at);
	assert_true(tracked_find(small, &found) && found.origin);
	track_forget_callstacks();
	assert_true(tracked_find(small, &found) && !found.origin && found.time && found.size == 10);
	assert_true(
		tracked_find(large, &found) && !found.origin && found.time && found.size == 100000);
	tracked_release(small);
	tracked_release(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_exponential),
		cmocka_unit_test(a_gap_tells_nothing_of_the_next),
		cmocka_unit_test(a_block_is_sampled_with_its_chance),
		cmocka_unit_test(sizes_that_take_turns_keep_their_chances),
		cmocka_unit_test(seeds_give_sequences_of_their_own),
		cmocka_unit_test(every_block_is_there_and_samples_have_a_call_stack),
		cmocka_unit_test(totals_do_not_know_of_samples),
		cmocka_unit_test(what_was_ever_allocated_is_estimated),
		cmocka_unit_test(a_memo_that_was_written_over_makes_no_weights),
		cmocka_unit_test(a_forked_child_begins_anew),
		cmocka_unit_test(what_is_older_has_no_call_stack),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
