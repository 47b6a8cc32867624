/* wrap_thread.c - threads: where their stacks are, who made them, and when they end. */
#include "ask.h"
#include "filter.h"
#include "lock.h"
#include "mappings.h"
#include "process.h"
#include "store.h"
#include "sys.h"
#include "testament.h"
#include "wrap.h"

#include <errno.h>
#include <pthread.h>

/* What a new thread is told. Used again, like everything in the store. */
struct errand {
	void *(*start)(void *);
	void *argument;
	uint32_t creator;
	const struct filter *filter; /* it holds for the new thread, too */
	struct errand *next;
};

static struct {
	struct errand *spare; /* under locks()->threads */
} self;

static struct errand *errand_take(void)
{
	struct errand *errand = NULL;
	struct held held;

	if (lock_take(&locks()->threads, &held)) {
		errand = self.spare;
		if (errand)
			self.spare = errand->next;
		lock_release(&held);
	}
	return errand ? errand : store_take(sizeof *errand);
}

static void errand_give(struct errand *errand)
{
	struct held held;

	if (!lock_take(&locks()->threads, &held))
		return; /* 32 bytes less */
	errand->next = self.spare;
	self.spare = errand;
	lock_release(&held);
}

struct extent {
	uintptr_t start, end;
	size_t guard;
};

/* libc asks the kernel for more than we want. */
static bool may_ask_libc(void)
{
	return !filter_flags.stand || filter_allows(SYS_sched_getaffinity, 0, 0, 0, 0, 0, 0);
}

/* Here it is safe to ask: the thread's lock, which this takes, is free once start_thread runs us.
 * What it allocates inside is glibc's own and passes unseen. */
static bool ask_libc(struct extent *extent)
{
	pthread_attr_t attributes;
	void *start;
	size_t size;
	bool found = false;

	if (pthread_getattr_np(pthread_self(), &attributes))
		return false;
	if (!pthread_attr_getstack(&attributes, &start, &size) &&
		!pthread_attr_getguardsize(&attributes, &extent->guard)) {
		extent->start = (uintptr_t)start;
		extent->end = extent->start + size;
		found = true;
	}
	pthread_attr_destroy(&attributes);
	return found;
}

static bool stack_extent(struct extent *extent)
{
	int error = errno;
	bool found;

	/* It allocates, for which a sanitizer has not set this thread up yet. */
	if (boot_beside_sanitizer())
		return false;
	filter_enter();
	found = may_ask_libc() && ask_libc(extent);
	filter_leave();
	errno = error;
	return found;
}

static void arrive(const struct errand *errand)
{
	struct extent extent = {0, 0, 0};
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
	struct thread *thread = wrap_enter(stack);

	if (!thread)
		return;
	if (stack_extent(&extent))
		callstack_stack(&thread->callstack, extent.start, extent.end);
	guard_tracking();
	thread_describe(thread, extent.start, extent.end, extent.guard, errand->creator);
	mappings_changed(extent.start - extent.guard, extent.end);
	guard_open();
}

/* In a forked child this thread must have its own number before there is another, who would settle
 * the process as if he were alone. */
static struct thread *settled(struct thread *thread)
{
	if (process_forked())
		process_settle();
	return guard.thread ? guard.thread : thread;
}

/* Also when the thread is cancelled or calls pthread_exit: both unwind through here. Its
 * destructors of thread-specific data still run after this, and still count. */
static void depart(void *unused)
{
	struct thread *thread = guard.thread;

	(void)unused;
	if (!thread || guard_closed((uintptr_t)__builtin_frame_address(0)))
		return;
	thread = settled(thread);
	guard_close((uintptr_t)__builtin_frame_address(0));
	guard_tracking();
	thread_leave(thread);
	guard_open();
}

static void *run(void *given)
{
	struct errand *errand = given;
	void *(*start)(void *) = errand->start;
	void *argument = errand->argument, *result;

	filter_adopt(errand->filter);
	arrive(errand);
	errand_give(errand);
	pthread_cleanup_push(depart, NULL);
	result = start(argument);
	pthread_cleanup_pop(1);
	return result;
}

WRAPPER int pthread_create(pthread_t *created, const pthread_attr_t *attributes,
	void *(*start)(void *), void *argument)
{
	struct callstack_at at = CALLSTACK_HERE();
	struct thread *thread = wrap_enter(WRAP_STACK);
	struct errand *errand = NULL;
	int error;

	if (thread) {
		guard_tracking();
		thread = settled(thread);
		testament_move(); /* while this thread is the only one */
		errand = errand_take();
		if (errand)
			*errand = (struct errand){
				start, argument, track_callstack(thread, &at), filter_own(), NULL};
		/* What libc allocates for the thread is the caller's: its free will be seen. */
		guard_open();
	}
	error = errand ? REAL(pthread_create)(created, attributes, run, errand)
		       : REAL(pthread_create)(created, attributes, start, argument);
	if (error && errand)
		errand_give(errand);
	return error;
}
