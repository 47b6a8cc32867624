#include "export_figures.h"

#include <string.h>

#include "../preload/core/poisson.h"

static const struct {
	const char *name, *unit;
} values[EXPORT_VALUES] = {
	[EXPORT_LIVE_BYTES] = {"live_bytes", "bytes"},
	[EXPORT_LIVE_BLOCKS] = {"live_blocks", "count"},
	[EXPORT_RESIDENT] = {"resident", "bytes"},
	[EXPORT_PINNED] = {"pinned", "bytes"},
	[EXPORT_RETAINED] = {"retained", "bytes"},
	[EXPORT_ALLOCATED_BYTES] = {"allocated_bytes", "bytes"},
	[EXPORT_ALLOCATIONS] = {"allocations", "count"},
};

const char *export_value_name(enum export_value value)
{
	return values[value].name;
}

const char *export_value_unit(enum export_value value)
{
	return values[value].unit;
}

bool export_value_find(const char *name, enum export_value *value)
{
	for (int i = 0; i < EXPORT_VALUES; i++) {
		if (strcmp(name, values[i].name) != 0)
			continue;
		*value = (enum export_value)i;
		return true;
	}
	return false;
}

void export_figures_of_stack(struct export_figures *figures, const struct export_process *process,
	const struct atlas_stack *stack)
{
	(void)process;
	*figures = (struct export_figures){{
		[EXPORT_LIVE_BYTES] = stack->live_bytes,
		[EXPORT_LIVE_BLOCKS] = stack->live_blocks,
		[EXPORT_RESIDENT] = stack->live_resident,
		[EXPORT_PINNED] = stack->pinned,
		[EXPORT_ALLOCATED_BYTES] = stack->allocated_bytes,
		[EXPORT_ALLOCATIONS] = stack->allocations,
	}};
}

double export_weight_of_block(
	const struct export_process *process, const struct block *block, uint32_t *frame)
{
	const struct view *view = &process->view;

	*frame = report_block_frame(&process->report, block);
	if (!view_has_callstack(view, block))
		return 0;
	return poisson_of(block->size, view->sample_mean).weight;
}
