/* target.h - what the kernel tells about another process. */
#ifndef VMATLAS_TARGET_H
#define VMATLAS_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct target {
	pid_t pid, leader; /* differ when the number is a thread's */
	pid_t inner;       /* its pid in its own namespace */
	uid_t user;        /* effective */
	char state;        /* 'R', 'S', 'T', 'Z', ...: proc_pid_status(5) */
	bool kernel;       /* a thread of the kernel */
	uint64_t caught;   /* signals with a handler; bit 0 is signal 1 */
};

/* 0; ESRCH; EACCES; or another errno. */
int target_read(pid_t pid, struct target *target);

bool target_catches(const struct target *target, int number);

/* True when each of its threads blocks the signal. */
bool target_blocks(pid_t pid, int number);

/* The value of a variable in the environment it was started with, the caller's to free; NULL if
 * unset or not readable. */
char *target_variable(pid_t pid, const char *name);

#endif
