/* filter.h - which system calls the program's seccomp filters leave us.
 *
 * A program that confines itself lists the calls that it needs, not ours, and the kernel may kill
 * it for any other (seccomp(2)). So each filter that goes through libc is copied before it stands,
 * and every call of ours (sys.h) is first put to the copies: what they do not plainly allow is not
 * made. A filter that was there when the program started, or that comes by inline assembly, is
 * unknown to us. */
#ifndef VMATLAS_FILTER_H
#define VMATLAS_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One filter. Lives as long as the process. */
struct filter {
	const struct filter *parent; /* what held for the thread before it, and still does */
	const struct filter *older;  /* the one before it in the process */
	const struct sock_filter *code;
	uint32_t length; /* instructions */
};

/* What every call looks at. Only becomes true. */
struct filter_flags {
	bool stand;  /* some thread has a filter */
	bool no_tsc; /* the time-stamp counter must not be read any more: it would be SIGSEGV */
};
extern struct filter_flags filter_flags __attribute__((visibility("hidden")));

/* How many threads are between their look at the filters and the end of the call. Less than 0 where
 * one of them went on in a forked child after filter_forked. */
extern _Atomic int32_t filter_calls __attribute__((visibility("hidden")));

/* Around each look and the call that it is for. Anywhere. */
static inline void filter_enter(void)
{
	atomic_fetch_add(&filter_calls, 1);
}

static inline void filter_leave(void)
{
	atomic_fetch_sub_explicit(&filter_calls, 1, memory_order_release);
}

/* What a thread without any filter has. */
extern const struct filter filter_none __attribute__((visibility("hidden")));

/* SECCOMP_MODE_STRICT as a program. */
extern const struct sock_filter filter_strict[] __attribute__((visibility("hidden")));
extern const uint32_t filter_strict_length __attribute__((visibility("hidden")));

/* This thread's newest filter, NULL for a thread of which nothing is known. Anywhere. */
const struct filter *filter_own(void);

/* This thread is new and has what its maker had. Anywhere. */
void filter_adopt(const struct filter *own);

/* From now on the filter holds for this thread, and for all where `shared`. To be called before the
 * kernel knows it; filter_fell takes it back where the kernel refused it. */
void filter_stands(struct filter *filter, bool shared);
void filter_fell(const struct filter *filter);

/* In a forked child: the other threads' calls are not made here. Anywhere. */
void filter_forked(void);

/* What a filter's program answers: SECCOMP_RET_... and its data. What it cannot be is answered by
 * SECCOMP_RET_KILL_PROCESS. Anywhere. */
uint32_t filter_run(const struct filter *filter, const struct seccomp_data *call);

/* Whether this one filter lets a call with these arguments through to the kernel. Anywhere. */
bool filter_passes(const struct filter *filter, long number, const long *arguments);

/* Whether all that hold for this thread do. One by one, so that its callers need no room for a
 * list. Anywhere. */
bool filter_allows(long number, long a, long b, long c, long d, long e, long f);

#endif
