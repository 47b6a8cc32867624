/* What a sampled block stands for: beside libm, and by its own definition, over sums of all sizes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "dice.h"
#include "poisson.h"

/* A few units in the last place. */
#define CLOSE (8 * DBL_EPSILON)

enum { ROUNDS = 200000 };

static void assert_close(double is, double should)
{
	if (!(fabs(is - should) <= CLOSE * fabs(should)))
		fail_msg("%.17g instead of %.17g", is, should);
}

/* Sizes and means of all magnitudes. */
static uint64_t any(struct dice *dice, unsigned bits)
{
	return 1 + (dice_roll(dice) >> 8) % ((uint64_t)1 << dice_below(dice, bits + 1));
}

static void chances_are_libms(void **state)
{
	struct dice dice = {1};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t size = any(&dice, 48), mean = any(&dice, 40);

		assert_close(poisson_chance(size, mean), -expm1(-(double)size / (double)mean));
	}
}

static void weights_and_doubts_are_libms(void **state)
{
	struct dice dice = {2};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t size = any(&dice, 48), mean = any(&dice, 40);
		double x = (double)size / (double)mean, p = -expm1(-x);
		struct poisson of = poisson_of(size, mean);

		assert_close(of.weight, 1 / p);
		if (x < 700) /* behind, what is left has fewer digits */
			assert_close(of.doubt * p * p, exp(-x));
		else
			assert_true(of.doubt < 1e-300);
	}
}

static void ends_of_the_range(void **state)
{
	struct poisson of = poisson_of(0, POISSON_MEAN_MOST);

	(void)state;
	assert_close(poisson_chance(1, POISSON_MEAN_MOST), -expm1(-0x1p-40));
	assert_close(of.weight, 1 / poisson_chance(1, POISSON_MEAN_MOST));
	assert_true(poisson_chance(UINT64_MAX, 1) == 1);
	assert_true(poisson_of(UINT64_MAX, 1).weight == 1 && poisson_of(UINT64_MAX, 1).doubt == 0);
	assert_true(poisson_chance(1, 0) == 1);
	assert_true(poisson_of(17, 0).weight == 1 && poisson_of(17, 0).doubt == 0);
}

static void roots_are_libms(void **state)
{
	struct dice dice = {3};

	(void)state;
	assert_true(poisson_root(0) == 0 && poisson_root(-1) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		double square = ldexp((double)any(&dice, 48), (int)dice_below(&dice, 300) - 150);

		assert_close(poisson_root(square), sqrt(square));
	}
}

static void gaps_are_libms(void **state)
{
	struct dice dice = {4};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t random = dice_roll(&dice), mean = any(&dice, 40);
		double gap = -log(ldexp((double)((random >> 11) + 1), -53)) * (double)mean;
		double is = (double)poisson_gap(random, mean);

		/* Rounded up; libm's own last digit may be the other one. */
		assert_true(is >= gap * (1 - CLOSE) && is < gap * (1 + CLOSE) + 1);
	}
	assert_int_equal(poisson_gap(UINT64_MAX, 1), 1);
	assert_int_equal(poisson_gap(UINT64_MAX, POISSON_MEAN_MOST), 1);
	assert_true(poisson_gap(0, POISSON_MEAN_MOST) < (uint64_t)37 << 40);
	assert_true(poisson_gap(0, POISSON_MEAN_MOST) > (uint64_t)36 << 40);
}

static void whole_numbers(void **state)
{
	(void)state;
	assert_int_equal(poisson_round(0), 0);
	assert_int_equal(poisson_round(1.49), 1);
	assert_int_equal(poisson_round(1.5), 2);
	assert_int_equal(poisson_round(1e300), INT64_MAX);
	assert_int_equal(poisson_error(0), 0);
	assert_int_equal(poisson_error(16), 4);
	assert_int_equal(poisson_error(16.1), 5); /* never less than it is */
	assert_int_equal(poisson_error(0.01), 1);
}

/* The two ways that a block of two pieces can be added. */
static void pieces_of_a_block_stand_and_fall_together(void **state)
{
	struct poisson of = poisson_of(1000, 4096);
	struct poisson_sum whole = {0, 0}, pieces = {0, 0};

	(void)state;
	poisson_add(&whole, &of, 1000, 0);
	poisson_add(&pieces, &of, 300, 0);
	poisson_add(&pieces, &of, 600, 300);
	poisson_add(&pieces, &of, 100, 900);
	assert_close(pieces.sum, whole.sum);
	assert_close(pieces.variance, whole.variance);
	assert_close(whole.variance, of.doubt * 1e6);
}

/* Over what could have happened, weighted by its chance: the sum is right, and so is its variance.
 */
static void estimates_are_right_on_average(void **state)
{
	static const uint64_t sizes[] = {0, 1, 8, 100, 4096, 100000, 1 << 20};
	static const uint64_t means[] = {1, 7, 4096, 1 << 19, (uint64_t)1 << 40};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (size_t j = 0; j < sizeof(means) / sizeof(*means); j++) {
			double p = poisson_chance(sizes[i], means[j]), q = (double)sizes[i];
			struct poisson of = poisson_of(sizes[i], means[j]);
			struct poisson_sum seen = {0, 0};

			poisson_add(&seen, &of, q, 0);
			assert_close(p * seen.sum, q);
			/* E[(sum - q)^2] = p (q/p - q)^2 + (1 - p) q^2 = q^2 (1 - p) / p */
			if (p < 0.999)
				assert_true(fabs(p * seen.variance - q * q * (1 - p) / p) <=
					    1e-12 * q * q / p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chances_are_libms),
		cmocka_unit_test(weights_and_doubts_are_libms),
		cmocka_unit_test(ends_of_the_range),
		cmocka_unit_test(roots_are_libms),
		cmocka_unit_test(gaps_are_libms),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(pieces_of_a_block_stand_and_fall_together),
		cmocka_unit_test(estimates_are_right_on_average),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
