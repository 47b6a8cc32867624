/* storefile.h - memory of the store's in a file, which is still there when the process is not.
 *
 * The pages of the tables become pages of a file (include/vmatlas_storefile.h), at the addresses
 * where they are: whoever reads or writes them does not notice. Space is allocated before it is
 * mapped, so a full disk is an error here and no SIGBUS later; no descriptor stays open. A forked
 * child must not write to its parent's file: it finds one range of memory wiped, whatever way it
 * was forked, and so comes to storefile_forked before it writes to a table. */
#ifndef VMATLAS_STOREFILE_H
#define VMATLAS_STOREFILE_H

#include "storepages.h"
#include "vmatlas_storefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STOREFILE_OWN = 4, STOREFILE_NAME = 64 };

/* For the type of a static struct that is to have its pages to itself. */
#define STOREFILE_PAGES __attribute__((aligned(4096)))

/* What goes into the file, besides the chunks of the store. The same in all forked children. */
struct storefile_plan {
	char directory[4096]; /* absolute; the file is DIRECTORY/vmatlas.NAME.PID.store */
	char name[STOREFILE_NAME];
	struct vmatlas_storefile head; /* what of it is known from the start */
	struct storefile_range tables; /* whole pages: storetables */
	/* Whole pages, private to each process: zeros in a forked child until it has settled. What
	 * is written there is to be passed on by storefile_mirror. */
	struct storefile_range wiped;
	void (*opened)(void); /* called when there is a file, no lock held */
};

/* There is to be a file. The plan stays the caller's, for ever. Start only. */
void storefile_plan(const struct storefile_plan *plan);

/* Whether there is to be a file and is none (yet). Anywhere. */
bool storefile_wanted(void);

/* Whether there is one. Anywhere. */
bool storefile_is(void);

/* Moves the tables of the plan and these chunks into a new file, each up to `used` bytes of it
 * filled; 0 or an errno, and then it is not wanted any more. By the only thread of a process, on a
 * stack that does not move, with all signals blocked. */
int storefile_open(const struct storefile_range *chunks, const size_t *used, unsigned count);

/* Calls plan->opened. With nothing held. */
void storefile_tell(void);

/* `size` bytes of zeros in the file, or NULL: no file, or no room there. Under locks()->pages. */
void *storefile_map(size_t size);

/* This memory of the store's is not in the file. Under locks()->pages. */
void storefile_outside(uintptr_t start, size_t size);

/* Passes on what was written in the wiped range. Anywhere. */
void storefile_mirror(const void *at, size_t size);

/* In a forked child, before anything else: all that was in the parent's file is memory of its own
 * from now on. With signals blocked, by the child's only thread. */
void storefile_forked(void);

/* Before and after a fork(2) that we are told of: the parent's memory stays as the child is to find
 * it until the child has its own. `forked`: there is a child to be waited for. Anywhere. */
uint32_t storefile_fork_begin(void);
void storefile_fork_end(uint32_t token, bool forked);
void storefile_fork_settled(uint32_t token);

/* An instant, for who reads the file. Anywhere. */
void storefile_clock(const struct vmatlas_instant *now);

/* A place for an account of `length` bytes: a descriptor (the caller's to close) and an offset, or
 * a negative errno. Then its end: the account counts. One at a time. Anywhere. */
int storefile_account(uint64_t length, uint64_t *offset);
void storefile_account_end(uint64_t offset, uint64_t length, uint64_t check);

/* The process ends, and with it the file. Anywhere but in a vfork child, as the next two. */
void storefile_end(void);

/* It is about to become another program: with `remove` the file goes, else it says so. And: it has
 * failed to. */
void storefile_leave(bool remove);
void storefile_stay(void);

/* Why there is no file, as an errno; 0 where there is one or none was wanted. And how many bytes of
 * the tables are not in it. Anywhere. */
int storefile_error(void);
uint64_t storefile_missing(void);

/* Whether the tables were taken over from a parent that was not told to wait. Anywhere. */
bool storefile_inherited_late(void);

/* The pieces that are not chunks of the store, for the list of what is vmatlas's own. Anywhere. */
unsigned storefile_own(struct storefile_range *ranges, unsigned capacity);

#endif
