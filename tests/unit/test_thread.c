#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "apart.h"
#include "clock.h"
#include "lock.h"
#include "process.h"
#include "sys.h"
#include "thread.h"

enum { SHORT = 1000, BLOCK = 100 };

static _Atomic uint32_t highest_slot;

static int set_up(void **state)
{
	(void)state;
	lock_boot();
	clock_boot();
	process_boot();
	return 0;
}

static const struct vmatlas_thread *record_of(const struct thread *thread)
{
	return lane_find(thread_records(), thread->id);
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store(counter, *counter + amount);
}

/* As a thread of the program that makes one block and frees another's. */
static void work(struct thread *thread)
{
	count(&thread->counters.allocations, 1);
	count(&thread->counters.allocated_bytes, BLOCK);
	thread_grow(thread, BLOCK);
	count(&thread->counters.frees, 1);
	count(&thread->counters.freed_bytes, BLOCK);
	thread_shrink(thread, BLOCK);
}

static void *live_shortly(void *name)
{
	struct thread *thread = thread_attach();

	if (!thread || thread != thread_attach())
		return NULL;
	if (name)
		prctl(PR_SET_NAME, name);
	if (thread->slot > highest_slot)
		highest_slot = thread->slot;
	work(thread);
	thread_leave(thread);
	return thread;
}

static struct thread *run_one(const char *name)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, live_shortly, (void *)(uintptr_t)name);
	pthread_join(thread, &result);
	return result;
}

static void the_first_thread_is_the_main_thread(void **state)
{
	const struct vmatlas_thread *record;
	struct thread *thread = thread_attach();

	(void)state;
	assert_non_null(thread);
	assert_ptr_equal(thread_attach(), thread);
	assert_int_equal(thread->slot, 1);
	record = record_of(thread);
	assert_int_equal(record->tid, sys_gettid());
	assert_int_equal(record->flags, VMATLAS_THREAD_MAIN);
	assert_true(record->started && !record->ended);
}

/* Up to the 16 KiB of each slot where threads are several, but to the byte while there is one. */
static void change(struct thread *thread, int64_t bytes)
{
	if (bytes > 0)
		thread_grow(thread, (size_t)bytes);
	else
		thread_shrink(thread, (size_t)-bytes);
}

static void the_peak_of_one_thread_is_exact(void **state)
{
	struct thread *thread = thread_attach();
	int64_t live = 0, peak = 0;

	(void)state;
	for (int i = 1; i < 10000; i++) {
		int64_t bytes = i % 3 ? i * 7 : -(i * 9);

		live += bytes;
		peak = live > peak ? live : peak;
		change(thread, bytes);
		assert_int_equal(thread_totals().peak_live_bytes, peak);
	}
	assert_int_equal(thread_totals().peak_error, 0);
	change(thread, -live);
}

static void short_threads_leave_a_handful_of_slots(void **state)
{
	struct thread_totals before = thread_totals(), after;

	(void)state;
	for (int i = 0; i < SHORT; i++)
		assert_non_null(run_one(NULL));
	after = thread_totals();
	assert_in_range(highest_slot, 2, 8);
	assert_int_equal(after.allocations - before.allocations, SHORT);
	assert_int_equal(after.allocated_bytes - before.allocated_bytes, SHORT * BLOCK);
	assert_int_equal(after.frees - before.frees, SHORT);
	assert_int_equal(after.freed_bytes - before.freed_bytes, SHORT * BLOCK);
	assert_int_equal(after.lost, 0);
	assert_int_equal(lane_count(thread_records()), SHORT + 1);
}

static void what_a_thread_was_is_on_record(void **state)
{
	struct thread *thread = run_one("a name of 15 ch");
	const struct vmatlas_thread *record = record_of(thread);

	(void)state;
	assert_string_equal(record->name, "a name of 15 ch");
	assert_true(record->ended >= record->started && record->slot == thread->slot);
	assert_int_equal(record->flags, 0);
}

static void *describe_itself(void *unused)
{
	struct thread *thread = thread_attach();

	(void)unused;
	thread_describe(thread, 0x1000, 0x9000, 0x1000, 5);
	return thread;
}

static void what_its_creator_knew_is_on_record(void **state)
{
	const struct vmatlas_thread *record;
	pthread_t thread;
	void *result;

	(void)state;
	pthread_create(&thread, NULL, describe_itself, NULL);
	pthread_join(thread, &result);
	record = record_of(result);
	assert_true(record->stack_start == 0x1000 && record->stack_end == 0x9000);
	assert_true(record->guard_bytes == 0x1000 && record->creator == 5);
	assert_int_equal(record->flags, VMATLAS_THREAD_STACK_KNOWN);
}

static pthread_barrier_t all_there;

static void *live_together(void *unused)
{
	struct thread *thread = thread_attach();

	(void)unused;
	pthread_barrier_wait(&all_there);
	for (int i = 0; thread && i < 1000; i++)
		work(thread);
	if (thread)
		thread_leave(thread);
	return NULL;
}

static void threads_at_once_have_slots_of_their_own(void **state)
{
	enum { TOGETHER = 50 };
	struct thread_totals before = thread_totals(), after;
	pthread_t thread[TOGETHER];

	(void)state;
	pthread_barrier_init(&all_there, NULL, TOGETHER);
	for (int i = 0; i < TOGETHER; i++)
		pthread_create(&thread[i], NULL, live_together, NULL);
	for (int i = 0; i < TOGETHER; i++)
		pthread_join(thread[i], NULL);
	after = thread_totals();
	assert_int_equal(after.allocations - before.allocations, TOGETHER * 1000);
	assert_int_equal(after.freed_bytes - before.freed_bytes, TOGETHER * 1000 * BLOCK);
	assert_true(after.peak_error >= TOGETHER * 16384);
}

static void *grow_and_shrink(void *bytes)
{
	struct thread *thread = thread_attach();

	thread_grow(thread, (uintptr_t)bytes);
	thread_shrink(thread, (uintptr_t)bytes);
	thread_leave(thread);
	return NULL;
}

/* What this thread had before another changed the sum says nothing of what there was then. */
static void one_threads_height_is_not_added_to_what_others_told(void **state)
{
	struct thread *thread = thread_attach();
	uint64_t before = thread_totals().peak_live_bytes, size = before + (1 << 20);
	pthread_t other;

	(void)state;
	thread_grow(thread, 10000); /* untold */
	thread_shrink(thread, 10000);
	pthread_create(&other, NULL, grow_and_shrink, (void *)(uintptr_t)size);
	pthread_join(other, NULL);
	thread_grow(thread, 20000);
	thread_shrink(thread, 20000);
	assert_in_range(thread_totals().peak_live_bytes, size, size + 16384);
}

static void *allocate_beside(void *total)
{
	struct thread *thread = thread_attach();

	for (int i = 0; i < 200000; i++)
		thread_grow(thread, 64);
	for (int i = 0; i < 200000; i++)
		thread_shrink(thread, 64);
	thread_leave(thread);
	return total;
}

/* The sum of all live bytes never goes astray, whoever comes while another adds. */
static void the_peak_of_several_is_good_to_its_error(void **state)
{
	struct thread_totals totals;
	pthread_t thread[4];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			pthread_create(&thread[i], NULL, allocate_beside, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
	}
	thread_grow(thread_attach(), (size_t)1 << 40);
	totals = thread_totals();
	thread_shrink(thread_attach(), (size_t)1 << 40);
	assert_in_range(totals.peak_live_bytes, ((uint64_t)1 << 40) - totals.peak_error,
		((uint64_t)1 << 40) + totals.peak_error);
}

/* Whatever way the fork went, the child has one thread, with a record of its own. */
static void be_a_child(const void *totals)
{
	const struct thread_totals *before = totals;
	struct thread *thread;

	CHECK(process_forked() && process_pid() != getpid());
	process_settle();
	CHECK(!process_forked() && process_pid() == getpid() && process_forks() == 1);
	thread = thread_attach();
	CHECK(thread && record_of(thread)->tid == (uint32_t)getpid());
	CHECK(record_of(thread)->flags == VMATLAS_THREAD_MAIN && !record_of(thread)->ended);
	for (uint32_t id = 1; id <= lane_count(thread_records()); id++)
		CHECK(id == thread->id ||
			((struct vmatlas_thread *)lane_get(thread_records(), id))->ended);
	work(thread);
	CHECK(thread_totals().allocations == before->allocations + 1);
	CHECK(run_one(NULL) && thread_totals().allocations == before->allocations + 2);
}

static void a_forked_child_has_one_thread(void **state)
{
	struct thread_totals totals = thread_totals();
	int status = -1;
	long pid;

	(void)state;
	assert_int_equal(apart(be_a_child, &totals), 0);
	pid = sys_call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
	if (pid == 0) {
		/* libc does not know of it: no alarm, no stdio, no threads. */
		if (!process_forked())
			_exit(1);
		process_settle();
		_exit(thread_attach() && process_pid() == sys_getpid() ? 0 : 2);
	}
	waitpid((pid_t)pid, &status, 0);
	assert_int_equal(status, 0);
	assert_false(process_forked() || process_vforked());
	assert_int_equal(process_forks(), 0);
}

static void *try_to_attach(void *unused)
{
	(void)unused;
	return thread_attach();
}

static void a_thread_that_cannot_be_attached_is_counted(void **state)
{
	uint32_t records = lane_count(thread_records());
	pthread_t thread;
	void *result;

	(void)state;
	atomic_store(&locks()->threads.taken, 1);
	pthread_create(&thread, NULL, try_to_attach, NULL);
	pthread_join(thread, &result);
	atomic_store(&locks()->threads.taken, 0);
	assert_null(result);
	assert_int_equal(thread_totals().lost, 1);
	assert_int_equal(lane_count(thread_records()), records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_thread_is_the_main_thread),
		cmocka_unit_test(the_peak_of_one_thread_is_exact),
		cmocka_unit_test(short_threads_leave_a_handful_of_slots),
		cmocka_unit_test(what_a_thread_was_is_on_record),
		cmocka_unit_test(what_its_creator_knew_is_on_record),
		cmocka_unit_test(threads_at_once_have_slots_of_their_own),
		cmocka_unit_test(one_threads_height_is_not_added_to_what_others_told),
		cmocka_unit_test(the_peak_of_several_is_good_to_its_error),
		cmocka_unit_test(a_forked_child_has_one_thread),
		cmocka_unit_test(a_thread_that_cannot_be_attached_is_counted),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
