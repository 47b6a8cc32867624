/* wrap_limit.c - the program limits its addresses, or locks its memory.
 *
 * What is set aside for dumps is addresses only, but counts for both; and a program that works
 * alone must not fail for it. Nothing is recorded. These may run in a vfork child, whose limits are
 * its own while the memory is its parent's: dump_confine knows. */
#include "dump.h"
#include "scratch.h"
#include "sys.h"
#include "wrap.h"

#include <errno.h>

/* C++ and old programs take the 64-bit names for the same functions. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one form of limits");

static int limited(int result, int resource, const struct rlimit64 *limit)
{
	if (result == 0 && resource == RLIMIT_AS && limit)
		dump_confine(limit->rlim_cur);
	return result;
}

static bool is_us(pid_t process)
{
	return process == 0 || process == sys_getpid();
}

WRAPPER int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return limited(
		REAL(setrlimit)(resource, limit), (int)resource, (const struct rlimit64 *)limit);
}

WRAPPER int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	return limited(REAL(setrlimit64)(resource, limit), (int)resource, limit);
}

WRAPPER int prlimit(pid_t process, enum __rlimit_resource resource, const struct rlimit *limit,
	struct rlimit *former)
{
	int result = REAL(prlimit)(process, resource, limit, former);

	return is_us(process) ? limited(result, (int)resource, (const struct rlimit64 *)limit)
			      : result;
}

WRAPPER int prlimit64(pid_t process, enum __rlimit_resource resource, const struct rlimit64 *limit,
	struct rlimit64 *former)
{
	int result = REAL(prlimit64)(process, resource, limit, former);

	return is_us(process) ? limited(result, (int)resource, limit) : result;
}

/* All that is mapped now must be within RLIMIT_MEMLOCK, and what was locked counts for what comes
 * later: mlockall(2). */
WRAPPER int mlockall(int flags)
{
	int error = errno;
	int result = REAL(mlockall)(flags);

	if (result && errno == ENOMEM) {
		dump_confine(0);
		result = REAL(mlockall)(flags);
	}
	if (result == 0) {
		scratch_unlock();
		errno = error;
	}
	return result;
}
