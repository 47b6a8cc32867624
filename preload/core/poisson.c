#include "poisson.h"

#include <string.h>

/* Halves of ln 2 as in fdlibm: the high one has zeros at its end, so that small multiples of it are
 * exact. */
static const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
static const double ln2_inverse = 1.44269504088896338700e+00, root_half = 7.0710678118654752440e-01;

enum {
	/* Terms of a series after which the next is below 2^-54 of the sum, where |x| <= ln 2 / 2,
	 * and where |x| <= (sqrt 2 - 1) / (sqrt 2 + 1). */
	EXP_TERMS = 14,
	LOG_TERMS = 11,
	EXPONENT_SHIFT = 52,
	EXPONENT_BIAS = 1023,
};

/* Beyond, exp(-x) is less than 2^-1022 and nobody's chance not to be seen. */
static const double exp_most = 700.0;

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static double double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/* 2^exponent, of a normal number. */
static double power(int exponent)
{
	return double_of((uint64_t)(exponent + EXPONENT_BIAS) << EXPONENT_SHIFT);
}

/* exp(x) - 1 for |x| <= ln 2 / 2. */
static double exp_less_one(double x)
{
	double sum = 0;

	for (int i = EXP_TERMS; i > 1; i--)
		sum = (sum + 1) * x / i;
	return (sum + 1) * x;
}

/* exp(-x) for x from 0 to exp_most. */
static double exp_negative(double x)
{
	int halvings = (int)(x * ln2_inverse + 0.5);
	double rest = (x - halvings * ln2_high) - halvings * ln2_low;

	return (exp_less_one(-rest) + 1) * power(-halvings);
}

/* The natural logarithm of a normal number above 0. */
static double logarithm(double x)
{
	uint64_t bits = bits_of(x);
	int exponent = (int)(bits >> EXPONENT_SHIFT) - EXPONENT_BIAS + 1;
	double t, square, sum = 0;

	/* x = fraction * 2^exponent, the fraction between the roots of 1/2 and of 2 */
	x = x * power(-exponent);
	if (x < root_half) {
		x *= 2;
		exponent--;
	}
	t = (x - 1) / (x + 1);
	square = t * t;
	for (int i = LOG_TERMS; i > 0; i--)
		sum = (sum + 1.0 / (2 * i + 1)) * square;
	return exponent * ln2_high + (exponent * ln2_low + 2 * (t + t * sum));
}

/* What is expected to be sampled of so many bytes. */
static double expected(uint64_t size, uint64_t mean)
{
	return (double)(size ? size : 1) / (double)mean;
}

/* exp(-x) where x may be large, and 1 - exp(-x) where x may be tiny. */
static double missed(double x)
{
	return x < exp_most ? exp_negative(x) : 0;
}

static double hit(double x)
{
	return x < ln2_high / 2 ? -exp_less_one(-x) : 1 - missed(x);
}

double poisson_chance(uint64_t size, uint64_t mean)
{
	return mean ? hit(expected(size, mean)) : 1;
}

struct poisson poisson_sampled(uint64_t size, uint64_t mean)
{
	double x = expected(size, mean), weight = 1 / hit(x);

	return (struct poisson){weight, missed(x) * weight * weight};
}

uint64_t poisson_gap(uint64_t random, uint64_t mean)
{
	/* From 2^-53 to 1, in steps of 2^-53. */
	double uniform = (double)((random >> 11) + 1) * power(-53);
	double gap = -logarithm(uniform) * (double)mean;
	uint64_t whole = (uint64_t)gap;

	/* A gap that ends within a byte ends with it. */
	whole += (double)whole < gap;
	return whole ? whole : 1;
}

/* Half the exponent is right to some percent; each step doubles the number of right digits. */
double poisson_root(double square)
{
	double root;

	if (!(square > 0))
		return 0;
	root = double_of(
		(bits_of(square) >> 1) + ((uint64_t)EXPONENT_BIAS << (EXPONENT_SHIFT - 1)));
	for (int i = 0; i < 5; i++)
		root = (root + square / root) / 2;
	return root;
}

uint64_t poisson_round(double sum)
{
	if (!(sum > 0)) /* nor is it a number, perhaps */
		return 0;
	return sum < (double)INT64_MAX ? (uint64_t)(sum + 0.5) : INT64_MAX;
}

uint64_t poisson_error(double variance)
{
	double root = poisson_root(variance);
	uint64_t whole = poisson_round(root);

	return whole + ((double)whole < root);
}
