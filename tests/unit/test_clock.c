#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "apart.h"
#include "clock.h"
#include "sys.h"

#define NS_PER_S 1000000000u

static void ticks_never_go_back(void **state)
{
	uint64_t last = clock_ticks();

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		uint64_t now = clock_ticks();

		assert_true(now >= last);
		last = now;
	}
}

static void *ticks_of_another(void *unused)
{
	static uint64_t ticks;

	(void)unused;
	ticks = clock_ticks();
	return &ticks;
}

static void ticks_go_on_from_thread_to_thread(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		uint64_t before = clock_ticks();
		pthread_t thread;
		void *ticks;

		pthread_create(&thread, NULL, ticks_of_another, NULL);
		pthread_join(thread, &ticks);
		assert_true(*(uint64_t *)ticks >= before && clock_ticks() >= *(uint64_t *)ticks);
	}
}

/* "good to a few percent": of 100 ms measured by the clock that people read. */
static void the_frequency_is_what_passes_in_a_second(void **state)
{
	struct clock_pair start = clock_read(), end;
	double seconds, ticks;

	(void)state;
	usleep(100000);
	end = clock_read();
	seconds = (double)(end.monotonic_ns - start.monotonic_ns) / NS_PER_S;
	ticks = (double)(end.ticks - start.ticks);
	assert_in_range((uint64_t)(ticks / seconds), clock_frequency() / 100 * 93,
		clock_frequency() / 100 * 107);
}

static void the_start_was_a_moment_ago_on_every_clock(void **state)
{
	struct clock_pair start = clock_start(), now = clock_read();

	(void)state;
	assert_true(start.ticks <= now.ticks && start.ticks);
	assert_in_range(now.monotonic_ns - start.monotonic_ns, 0, 60ull * NS_PER_S);
	assert_in_range(now.realtime_ns - start.realtime_ns, 0, 60ull * NS_PER_S);
	assert_in_range(now.realtime_ns, sys_time_ns(CLOCK_REALTIME) - NS_PER_S,
		sys_time_ns(CLOCK_REALTIME));
}

/* Before the start a tick is a nanosecond of the coarse clock. */
static int set_up(void **state)
{
	(void)state;
	assert_true(clock_ticks() > 0);
	clock_boot();
	return 0;
}

static void forsake(const void *unused)
{
	uint64_t last = clock_ticks();
	struct clock_pair start = clock_read(), end;
	double ticks, seconds;

	(void)unused;
	clock_forsake_tsc();
	for (int i = 0; i < 100000; i++) {
		CHECK(clock_ticks() >= last);
		last = clock_ticks();
	}
	usleep(200000);
	end = clock_read();
	ticks = (double)(end.ticks - start.ticks) / (double)clock_frequency();
	seconds = (double)(end.monotonic_ns - start.monotonic_ns) / NS_PER_S;
	CHECK(ticks > seconds * 0.9 && ticks < seconds * 1.1);
}

static void without_the_counter_time_goes_on_from_there(void **state)
{
	(void)state;
	assert_int_equal(apart(forsake, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_never_go_back),
		cmocka_unit_test(ticks_go_on_from_thread_to_thread),
		cmocka_unit_test(the_frequency_is_what_passes_in_a_second),
		cmocka_unit_test(the_start_was_a_moment_ago_on_every_clock),
		cmocka_unit_test(without_the_counter_time_goes_on_from_there),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
