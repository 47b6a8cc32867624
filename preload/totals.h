/* totals.h - the sums of all threads' counters, where they can be true.
 *
 * The program may have written over a counter. Then they contradict each other, their own earlier
 * values or the kernel; which of them is wrong nobody knows, so none of them is told any more. */
#ifndef VMATLAS_TOTALS_H
#define VMATLAS_TOTALS_H

#include "thread.h"

/* thread_totals, with VIEW_UNKNOWN for allocations, allocated_bytes, frees, freed_bytes and
 * peak_live_bytes where they cannot be true. Anywhere. */
struct thread_totals totals_read(void);

/* The same, for a report: the peak is compared with what the kernel says, too, which takes some
 * 30 us and 2 KiB of stack. */
struct thread_totals totals_report(void);

#endif
