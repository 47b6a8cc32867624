/* wrap_filter.c - the program confines itself: see filter.h. */
#include "clock.h"
#include "dump.h"
#include "filter.h"
#include "process.h"
#include "signals.h"
#include "store.h"
#include "sys.h"
#include "wrap.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>

enum { ARGUMENTS = 6 };

/* Against the microseconds between a look at the filters and the call, when that thread must wait
 * for a processor meanwhile: on a machine with four times too much to do 50 ms were seen to be too
 * few. */
#define PATIENCE_NS 1000000000u

/* A call of the program's, with its number and then what it was given, made by its own function. */
struct call {
	long (*make)(const struct call *call);
	long number, arguments[ARGUMENTS];
};

/* The main thread has no filter that we do not know, unless it came with the process. */
static __attribute__((constructor)) void begin(void)
{
	if (!filter_own())
		filter_adopt(&filter_none);
}

/* -- The copy ------------------------------------------------------------------------------- */

/* Programs ask whether there is seccomp by giving it an address that is none. */
static bool copy_in(void *to, const void *from, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)from, size};
	long copied = from ? sys_call(SYS_process_vm_readv, sys_getpid(), (long)&here, 1,
				     (long)&there, 1, 0)
			   : -EFAULT;

	if (copied < 0 && copied != -EFAULT) { /* refused, by a filter or an old kernel */
		memcpy(to, from, size);
		return true;
	}
	return copied == (long)size;
}

/* Without memory for the copy it has no instructions, and so lets nothing through. */
static struct filter *fill(struct filter *filter, const struct sock_fprog *program)
{
	size_t size = program->len * sizeof *program->filter;
	struct sock_filter *code = store_take(size);

	*filter = (struct filter){.code = code, .length = code ? program->len : 0};
	return !code || copy_in(code, program->filter, size) ? filter : NULL;
}

/* NULL where the kernel, too, will not find it. */
static struct filter *copy(const void *given)
{
	static struct filter last_resort;
	struct sock_fprog program;
	struct filter *filter;

	if (!copy_in(&program, given, sizeof program) || !program.len || program.len > BPF_MAXINSNS)
		return NULL;
	filter = store_take(sizeof *filter);
	return filter ? fill(filter, &program) : &last_resort;
}

static struct filter *strictest(void)
{
	struct filter *filter = store_take(sizeof *filter);

	if (filter)
		*filter = (struct filter){.code = filter_strict, .length = filter_strict_length};
	return filter;
}

/* -- Its beginning -------------------------------------------------------------------------- */

static bool passes(const struct filter *filter, long number)
{
	static const long unknown[ARGUMENTS];

	return filter_passes(filter, number, unknown);
}

/* A handler that could not return would kill, and one that could not pass a signal on would keep it
 * from killing: then there must be none, while it can still be taken away. */
static void retire(const struct filter *filter)
{
	if (!passes(filter, SYS_rt_sigreturn))
		signals_retire(true);
	else if (!passes(filter, SYS_rt_sigaction) || !passes(filter, SYS_rt_tgsigqueueinfo))
		signals_retire(false);
}

/* A filter for all threads kills those that looked before it stood and have not made their call
 * yet. One that is in the kernel has passed, but looks the same from here: so, not for ever. */
static void wait_for_others(void)
{
	uint64_t begun = sys_time_ns(CLOCK_MONOTONIC);

	while (atomic_load_explicit(&filter_calls, memory_order_acquire) > 0 &&
		sys_time_ns(CLOCK_MONOTONIC) - begun < PATIENCE_NS)
		sys_yield();
}

static long under(struct filter *filter, bool shared, const struct call *call)
{
	long result;

	if (shared)
		dump_wait(); /* a report that is begun may not be able to close what it opened */
	retire(filter);
	filter_stands(filter, shared);
	if (shared)
		wait_for_others();
	result = call->make(call);
	if (result < 0)
		filter_fell(filter);
	return result;
}

/* A vfork child's filter is not its parent's, whose memory this is. */
static long confined(const void *program, bool shared, const struct call *call)
{
	struct thread *thread = wrap_enter(WRAP_STACK);
	struct filter *filter;

	if (thread)
		guard_tracking();
	filter = process_vforked() ? NULL : copy(program);
	if (thread)
		guard_open();
	return filter ? under(filter, shared, call) : call->make(call);
}

static long confined_strictly(const struct call *call)
{
	struct filter *filter = process_vforked() ? NULL : strictest();

	if (!filter)
		return call->make(call);
	clock_forsake_tsc(); /* disable_TSC in kernel/seccomp.c */
	return under(filter, false, call);
}

/* -- The ways to it ------------------------------------------------------------------------- */

static long control(int option, const long *arguments, const struct call *call)
{
	if (option == PR_SET_SECCOMP && arguments[0] == SECCOMP_MODE_STRICT)
		return confined_strictly(call);
	if (option == PR_SET_SECCOMP)
		return confined((const void *)arguments[1], false, call);
	if (option == PR_SET_TSC && arguments[0] == PR_TSC_SIGSEGV)
		clock_forsake_tsc();
	return call->make(call);
}

static long make_prctl(const struct call *call)
{
	const long *a = call->arguments;

	return REAL(prctl)((int)call->number, a[0], a[1], a[2], a[3]);
}

static long make_syscall(const struct call *call)
{
	const long *a = call->arguments;

	return REAL(syscall)(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Takes so many arguments, whether they were given or not: what is not is not looked at. */
static void take(struct call *call, unsigned count, va_list *list)
{
	for (unsigned i = 0; i < count; i++)
		call->arguments[i] = va_arg(*list, long);
}

WRAPPER int prctl(int option, ...)
{
	struct call call = {make_prctl, option, {0}};
	va_list list;

	va_start(list, option);
	take(&call, 4, &list);
	va_end(list);
	return (int)control(option, call.arguments, &call);
}

WRAPPER long syscall(long number, ...)
{
	struct call call = {make_syscall, number, {0}};
	const long *a = call.arguments;
	va_list list;

	va_start(list, number);
	take(&call, ARGUMENTS, &list);
	va_end(list);
	if (number == SYS_prctl)
		return control((int)a[0], a + 1, &call);
	if (number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_STRICT)
		return confined_strictly(&call);
	if (number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER)
		return confined((const void *)a[2], a[1] & SECCOMP_FILTER_FLAG_TSYNC, &call);
	return make_syscall(&call);
}
