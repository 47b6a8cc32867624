/* process.h - which process this is, also after a fork that nobody told us of. */
#ifndef VMATLAS_PROCESS_H
#define VMATLAS_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zero in a fork of the process that last settled; the locks' mark, once there are any. */
extern _Atomic uint32_t *process_mark __attribute__((visibility("hidden")));

/* Whether this is a fork of the process that last settled. A page of ours reads zero in the child
 * of every fork, and keeps its mark in a vfork child. Anywhere. */
static inline bool process_forked(void)
{
	return !atomic_load_explicit(process_mark, memory_order_relaxed);
}

/* PROCESS_OWN, and 0 in a fork of the process that last settled: a bit above all that it may be
 * added to. Anywhere. */
#define PROCESS_OWN 0x80000000u
static inline uint32_t process_word(void)
{
	return atomic_load_explicit(process_mark, memory_order_relaxed);
}

/* After process_forked: takes this process for our own from now on. The other threads are gone.
 * Anywhere. */
void process_settle(void);

/* Whether this is a vfork child: it runs in the memory of its parent, but is another process, with
 * handlers and descriptors of its own. Settles a forked one. Anywhere. */
bool process_vforked(void);

/* Our process number. Anywhere. */
int process_pid(void);

/* How many times this memory was forked since the program started. Anywhere. */
unsigned process_forks(void);

/* Start only. */
void process_boot(void);

#endif
