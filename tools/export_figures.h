/* export_figures.h - what one call stack holds, and what one block adds to it: the one place where
 * exports read it. */
#ifndef VMATLAS_EXPORT_FIGURES_H
#define VMATLAS_EXPORT_FIGURES_H

#include "export_process.h"

enum export_value {
	EXPORT_LIVE_BYTES,
	EXPORT_LIVE_BLOCKS,
	EXPORT_RESIDENT, /* bytes */
	EXPORT_PINNED,   /* bytes */
	EXPORT_RETAINED, /* bytes; of no call stack */
	EXPORT_ALLOCATED_BYTES,
	EXPORT_ALLOCATIONS,
	EXPORT_VALUES,
};

/* The values that single blocks have. */
enum { EXPORT_WEIGHED = EXPORT_PINNED };

struct export_figures {
	uint64_t value[EXPORT_VALUES];
};

/* "live_bytes", as in the JSON of a report; and "bytes", or "count". */
const char *export_value_name(enum export_value value);
const char *export_value_unit(enum export_value value);

/* The value of that name into *value; false where there is none. */
bool export_value_find(const char *name, enum export_value *value);

/* All that is known of a call stack; estimates where call stacks are sampled. */
void export_figures_of_stack(struct export_figures *figures, const struct export_process *process,
	const struct atlas_stack *stack);

/* How many blocks like it a live block stands for in its call stack: 1; where call stacks are
 * sampled, what poisson.h says, and 0 for a block without one. And the call stack. */
double export_weight_of_block(
	const struct export_process *process, const struct block *block, uint32_t *frame);

#endif
