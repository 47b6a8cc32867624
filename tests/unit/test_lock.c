#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock.h"
#include "sys.h"

enum { THREADS = 4, ROUNDS = 20000 };

static unsigned long long counter;

static void *count_up(void *unused)
{
	struct held held;

	for (int i = 0; i < ROUNDS; i++) {
		if (!lock_take(&locks()->strings, &held))
			return unused; /* the sum will tell */
		counter++;
		lock_release(&held);
	}
	return NULL;
}

static void one_at_a_time(void **state)
{
	pthread_t thread[THREADS];

	(void)state;
	counter = 0;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, count_up, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(counter, THREADS * ROUNDS);
}

static uint64_t mask_now(void)
{
	uint64_t mask = 0;

	sys_call(SYS_rt_sigprocmask, SIG_SETMASK, 0, (long)&mask, SYS_SIGSET_BYTES, 0, 0);
	return mask;
}

static void signals_are_blocked_while_it_is_held_and_then_as_before(void **state)
{
	uint64_t before = mask_now();
	struct held held;

	(void)state;
	assert_true(lock_take(&locks()->births, &held));
	/* SIGKILL and SIGSTOP never are. */
	assert_int_equal(mask_now() | 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1), ~0ull);
	lock_release(&held);
	assert_int_equal(mask_now(), before);
}

static void *hold_guarded(void *argument)
{
	struct held held;
	bool *blocked = argument;

	*blocked = lock_take_guarded(&locks()->births, &held) && mask_now() > 1ull << 62;
	lock_release(&held);
	return NULL;
}

/* glibc does not know again that the last thread has ended, so these come before all others. */
static void one_thread_alone_blocks_no_signals_under_the_guard(void **state)
{
	uint64_t before = mask_now();
	struct held held, again;

	(void)state;
	assert_true(lock_take_guarded(&locks()->births, &held));
	assert_int_equal(mask_now(), before);
	assert_true(lock_take_guarded(&locks()->births, &again)); /* left by a longjmp */
	lock_release(&again);
	lock_release(&held);
	assert_int_equal(locks()->births.taken, 0);
}

static void several_do(void **state)
{
	bool blocked = false;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, hold_guarded, &blocked);
	pthread_join(thread, NULL);
	assert_true(blocked);
}

static void one_that_is_not_to_be_had_is_given_up(void **state)
{
	uint64_t before = mask_now(), start = sys_time_ns(CLOCK_MONOTONIC), took;
	struct held held, other;

	(void)state;
	assert_true(lock_take(&locks()->births, &held));
	assert_false(lock_take(&locks()->births, &other));
	took = sys_time_ns(CLOCK_MONOTONIC) - start;
	assert_in_range(took, 100000000u, 5000000000u);
	lock_release(&held);
	assert_int_equal(mask_now(), before);
	assert_true(lock_take(&locks()->births, &held));
	lock_release(&held);
}

/* 0 when a child made by this way of forking finds the mark and the lock as expected. */
static int status_of_child(long pid, uint32_t mark, bool taken)
{
	int status = 0;

	if (pid == 0)
		_exit(locks()->mark == mark && locks()->births.taken == taken ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
	return status;
}

/* Before lock_boot the locks are ordinary memory. */
static void the_child_of_any_fork_finds_all_locks_free(void **state)
{
	struct held held;

	(void)state;
	lock_boot();
	atomic_store(&locks()->mark, 1);
	assert_true(lock_take(&locks()->births, &held));
	assert_int_equal(status_of_child(fork(), 0, false), 0);
	assert_int_equal(status_of_child(sys_call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0), 0, false), 0);
	assert_int_equal(locks()->mark, 1);
	assert_int_equal(locks()->births.taken, 1);
	lock_release(&held);
}

static int child_in_the_same_memory(void *unused)
{
	(void)unused;
	return locks()->mark == 1 ? 0 : 1;
}

static void a_vfork_child_finds_the_mark(void **state)
{
	static char stack[65536];
	int status = 0;
	pid_t pid;

	(void)state;
	atomic_store(&locks()->mark, 1);
	pid = clone(child_in_the_same_memory, stack + sizeof stack,
		CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_alone_blocks_no_signals_under_the_guard),
		cmocka_unit_test(several_do),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(signals_are_blocked_while_it_is_held_and_then_as_before),
		cmocka_unit_test(one_that_is_not_to_be_had_is_given_up),
		cmocka_unit_test(the_child_of_any_fork_finds_all_locks_free),
		cmocka_unit_test(a_vfork_child_finds_the_mark),
		/* and once more, in the page that forks clear */
		cmocka_unit_test(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
