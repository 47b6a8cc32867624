/* history.h - the blocks and regions that were freed last, and by whom.
 *
 * A ring of records in the order of releases, of the length that VMATLAS_HISTORY says; without it
 * there is none, and asking costs one look at a number. A record is written by who frees, without
 * a lock, and read while that happens. */
#ifndef VMATLAS_HISTORY_H
#define VMATLAS_HISTORY_H

#include "regions.h"
#include "table.h"
#include "thread.h"

/* How many are remembered; 0: none. Set once, at the start. */
extern uint32_t history_length __attribute__((visibility("hidden")));

/* Anywhere. */
static inline bool history_on(void)
{
	return __builtin_expect(history_length != 0, 0);
}

/* Who releases: its thread (NULL: a caller that has none of ours), where it calls from, and when,
 * in ticks, the address was still its own. */
struct history_release {
	struct thread *thread;
	const struct callstack_at *at;
	uint64_t time;
	enum vmatlas_release call;
};

/* Remembers a block that was taken out of the table, and whose record has not been forgotten yet.
 * One that was never in the table is not known here either. Under the guard where there is a
 * thread, else anywhere; errno stays. */
void history_block(const struct history_release *release, const struct table_taken *taken);

/* The same for the pieces of regions that a call took. */
void history_regions(const struct history_release *release, const struct regions_undo *gone);

/* The struct vmatlas_freed records, to be read by freed_read; NULL without. Anywhere. */
const struct lane *history_records(void);

/* Releases that were not kept. Anywhere. */
uint64_t history_lost(void);

/* Makes the ring. Idempotent. Start only. */
void history_boot(uint32_t length);

#endif
