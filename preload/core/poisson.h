/* poisson.h - what a sampled block stands for.
 *
 * A block of s bytes is sampled with the chance p = 1 - exp(-s / mean), as if each byte were, one
 * in `mean` of them. It then stands for 1 / p blocks like it, and a quantity q of it for q / p:
 * over many runs the sums are right (Horvitz and Thompson, 1952), and q^2 (1 - p) / p^2, added up,
 * estimates by how much the square of one is off. A mean of 0 says that every block is there: each
 * stands for itself. No libm: the shim may not bring it to a program. Anywhere, as all here. */
#ifndef VMATLAS_POISSON_H
#define VMATLAS_POISSON_H

#include <stdint.h>

/* No mean is larger; 2^40. Sizes may have any value. */
#define POISSON_MEAN_MOST ((uint64_t)1 << 40)

/* The chance of `size` bytes, from 2^-40 to 1. A block of no bytes has that of one byte, else it
 * could never be seen. */
double poisson_chance(uint64_t size, uint64_t mean);

/* Of one block: 1 / p, and (1 - p) / p^2. */
struct poisson {
	double weight, doubt;
};
struct poisson poisson_sampled(uint64_t size, uint64_t mean); /* a mean above 0 */

static inline struct poisson poisson_of(uint64_t size, uint64_t mean)
{
	return mean ? poisson_sampled(size, mean) : (struct poisson){1, 0};
}

/* So many bytes until the next sample, 1 at least, from 64 random bits. */
uint64_t poisson_gap(uint64_t random, uint64_t mean);

/* An estimate: the sum, and the square of its standard error. All zeros: nothing yet. */
struct poisson_sum {
	double sum, variance;
};

/* Adds a quantity of one sampled block, of which `before` was added already: a block is there with
 * all of it or not at all. */
static inline void poisson_add(
	struct poisson_sum *sum, const struct poisson *of, double quantity, double before)
{
	sum->sum += of->weight * quantity;
	sum->variance += of->doubt * quantity * (quantity + 2 * before);
}

/* The nearest whole number, and the standard error, rounded up: what is not exact shows an error.
 */
uint64_t poisson_round(double sum);
uint64_t poisson_error(double variance);

/* The nearest whole number to what may be negative. */
static inline int64_t poisson_whole(double sum)
{
	return sum < 0 ? -(int64_t)poisson_round(-sum) : (int64_t)poisson_round(sum);
}

/* The square root of what is not negative. */
double poisson_root(double square);

#endif
