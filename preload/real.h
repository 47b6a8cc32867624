/* real.h - the functions behind the wrappers.
 *
 * Whatever comes next in the program's search order: libc, or another preloaded or linked
 * allocator. A pointer is NULL where this libc has no such function (free_sized, glibc < 2.41). */
#ifndef VMATLAS_REAL_H
#define VMATLAS_REAL_H

#include <aio.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

struct real {
#define WRAPPED(result, name, parameters) result(*name) parameters;
#include "wrapped.def"
};

/* Filled by real_find; until then the allocator's entries are glibc's internal names. */
extern struct real real;

/* Looks all of them up; idempotent. Anywhere that dlsym(3) may be called. */
void real_find(void);

/* The real function of a name whose wrapper may be the first thing a program calls. */
#define REAL(name)                                   \
	(__extension__({                             \
		if (__builtin_expect(!real.name, 0)) \
			real_find();                 \
		real.name;                           \
	}))

/* Whether the malloc behind ours is glibc's own. After real_find. */
bool real_is_glibc(void);

#endif
