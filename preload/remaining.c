#include "remaining.h"
#include "sys.h"

#include <limits.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, NS_PER_US = 1000 };

/* 136 years: nanoseconds of twice as much still fit. */
#define FAR ((time_t)1 << 32)

uint64_t remaining_start(void)
{
	return sys_time_ns(CLOCK_MONOTONIC);
}

static uint64_t left_of(uint64_t wanted_ns, uint64_t start)
{
	uint64_t gone = remaining_start() - start;

	return gone < wanted_ns ? wanted_ns - gone : 0;
}

int remaining_ms(int timeout_ms, uint64_t start)
{
	if (timeout_ms < 0)
		return timeout_ms;
	return (int)((left_of((uint64_t)timeout_ms * NS_PER_MS, start) + NS_PER_MS - 1) /
		     NS_PER_MS);
}

const struct timespec *remaining_time(
	const struct timespec *wanted, uint64_t start, struct timespec *left)
{
	uint64_t ns;

	if (!wanted || wanted->tv_sec >= FAR)
		return wanted;
	ns = left_of((uint64_t)wanted->tv_sec * NS_PER_S + (uint64_t)wanted->tv_nsec, start);
	*left = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
	return left;
}

void remaining_timeval(const struct timeval *wanted, uint64_t start, struct timeval *left)
{
	uint64_t ns;

	if (wanted->tv_sec >= FAR || wanted->tv_usec >= LONG_MAX / NS_PER_US)
		return;
	ns = left_of(
		(uint64_t)wanted->tv_sec * NS_PER_S + (uint64_t)wanted->tv_usec * NS_PER_US, start);
	ns += NS_PER_US - 1;
	*left = (struct timeval){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S / NS_PER_US)};
}
