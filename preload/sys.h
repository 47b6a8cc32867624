/* sys.h - system calls that are nothing but system calls.
 *
 * libc's wrappers set errno, are cancellation points, and may themselves be wrapped by another
 * preloaded object. These are none of that: a negative errno comes back, errno stays as it was.
 * What a filter of the program's would not let through is not done, and is EPERM. All may be called
 * anywhere, signal handlers included. */
#ifndef VMATLAS_SYS_H
#define VMATLAS_SYS_H

#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

/* The kernel's signal set: 64 bits, whatever libc's sigset_t is
 * (arch/x86/include/uapi/asm/signal.h). */
#define SYS_SIGSET_BYTES 8

/* Without a look at the program's filters. */
static inline long sys_call_raw(long number, long a, long b, long c, long d, long e, long f)
{
#if defined __x86_64__
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined __aarch64__
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "vmatlas knows the system calls of x86-64 and aarch64 only"
#endif
}

static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result = -EPERM;

	filter_enter();
	if (!__builtin_expect(filter_flags.stand, 0) || filter_allows(number, a, b, c, d, e, f))
		result = sys_call_raw(number, a, b, c, d, e, f);
	filter_leave();
	return result;
}

static inline int sys_openat(int directory, const char *path, int flags, mode_t mode)
{
	return (int)sys_call(SYS_openat, directory, (long)path, flags, mode, 0, 0);
}

static inline int sys_open(const char *path, int flags)
{
	return sys_openat(AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

static inline int sys_close(int fd)
{
	return (int)sys_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline ssize_t sys_read(int fd, void *buffer, size_t size)
{
	return sys_call(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0);
}

static inline ssize_t sys_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
	return sys_call(SYS_pread64, fd, (long)buffer, (long)size, (long)offset, 0, 0);
}

static inline ssize_t sys_write(int fd, const void *buffer, size_t size)
{
	return sys_call(SYS_write, fd, (long)buffer, (long)size, 0, 0, 0);
}

static inline int sys_fstat(int fd, struct stat *status)
{
	return (int)sys_call(SYS_fstat, fd, (long)status, 0, 0, 0, 0);
}

static inline int sys_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)sys_call(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
}

/* NULL when refused. */
static inline void *sys_mmap_anonymous(size_t size, int protection, int flags)
{
	long result = sys_call(
		SYS_mmap, 0, (long)size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return result < 0 && result > -4096 ? NULL : (void *)result;
}

/* Not private: RLIMIT_DATA does not count it. NULL when refused. */
static inline void *sys_mmap_shared(size_t size, int protection, int flags)
{
	long result = sys_call(
		SYS_mmap, 0, (long)size, protection, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);

	return result < 0 && result > -4096 ? NULL : (void *)result;
}

static inline int sys_mprotect(void *address, size_t size, int protection)
{
	return (int)sys_call(SYS_mprotect, (long)address, (long)size, protection, 0, 0, 0);
}

static inline int sys_munmap(void *address, size_t size)
{
	return (int)sys_call(SYS_munmap, (long)address, (long)size, 0, 0, 0, 0);
}

static inline int sys_madvise(void *address, size_t size, int advice)
{
	return (int)sys_call(SYS_madvise, (long)address, (long)size, advice, 0, 0, 0);
}

static inline int sys_getpid(void)
{
	return (int)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline int sys_gettid(void)
{
	return (int)sys_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static inline int sys_tgkill(int pid, int tid, int signal)
{
	return (int)sys_call(SYS_tgkill, pid, tid, signal, 0, 0, 0);
}

static inline void sys_yield(void)
{
	sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

/* A hint to the processor that this is a loop that waits. */
static inline void sys_pause(void)
{
#if defined __x86_64__
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

/* No thread's mask has SIGKILL: this one says that nothing was blocked. */
#define SYS_SIGNALS_UNKNOWN (1ull << (SIGKILL - 1))

/* Blocks every signal of this thread and keeps the former mask in *former. */
static inline void sys_signals_block(uint64_t *former)
{
	uint64_t all = ~0ull;

	*former = 0;
	if (sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)former, SYS_SIGSET_BYTES, 0,
		    0))
		*former = SYS_SIGNALS_UNKNOWN;
}

static inline void sys_signals_restore(const uint64_t *former)
{
	if (*former & SYS_SIGNALS_UNKNOWN)
		return;
	sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)former, 0, SYS_SIGSET_BYTES, 0, 0);
}

/* A clock that the kernel ticks on: good to some milliseconds, and read without the counter. */
static inline clockid_t sys_clock_coarse(clockid_t clock)
{
	return clock == CLOCK_MONOTONIC  ? CLOCK_MONOTONIC_COARSE
	       : clock == CLOCK_REALTIME ? CLOCK_REALTIME_COARSE
					 : clock;
}

/* In the vDSO where libc has it so; never a cancellation point, never an error for these clocks. */
static inline uint64_t sys_time_ns(clockid_t clock)
{
	struct timespec now = {0, 0};

	clock_gettime(filter_flags.no_tsc ? sys_clock_coarse(clock) : clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
