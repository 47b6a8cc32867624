#include "atlas_stacks.h"

struct atlas_stack *atlas_stack_of(struct atlas *atlas, uint32_t frame)
{
	uint32_t index;

	if (frame > atlas->frames)
		frame = 0; /* came after the count was taken */
	index = atlas->stack_of[frame];
	if (index)
		return &atlas->stack[index - 1];
	if (atlas->stacks == atlas->stack_room)
		return NULL;
	atlas->stack[atlas->stacks].frame = frame;
	atlas->stack_of[frame] = ++atlas->stacks;
	return &atlas->stack[atlas->stacks - 1];
}

/* -- Figures -------------------------------------------------------------------------------- */

static double read_double(const double *value)
{
	double read;

	__atomic_load(value, &read, __ATOMIC_RELAXED);
	return read;
}

static void add_weight(
	struct atlas *atlas, struct atlas_stack *stack, const struct vmatlas_weight *weight)
{
	double *sum = atlas->sum[stack - atlas->stack];
	double *variance = atlas->variance[stack - atlas->stack];

	stack->samples_ever += __atomic_load_n(&weight->samples, __ATOMIC_RELAXED);
	sum[ATLAS_ALLOCATIONS] += read_double(&weight->allocations);
	variance[ATLAS_ALLOCATIONS] += read_double(&weight->allocations_variance);
	sum[ATLAS_ALLOCATED_BYTES] += read_double(&weight->allocated_bytes);
	variance[ATLAS_ALLOCATED_BYTES] += read_double(&weight->allocated_bytes_variance);
}

/* Sums of what was ever allocated can be more than a double holds to the byte. */
static void add_origin(struct atlas_stack *stack, const struct vmatlas_origin *origin)
{
	stack->allocations += __atomic_load_n(&origin->allocations, __ATOMIC_RELAXED);
	stack->allocated_bytes += __atomic_load_n(&origin->allocated_bytes, __ATOMIC_RELAXED);
	stack->samples_ever = stack->allocations;
}

void atlas_stacks_count(struct atlas *atlas)
{
	const struct view *view = atlas->view;
	uint32_t count = lane_count(view->origins);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_origin *origin = lane_find(view->origins, id);
		const struct vmatlas_weight *weight =
			view->sample_mean ? lane_find(view->weights, id) : NULL;
		bool used = origin && (origin->frame || origin->slot);
		bool counts = used && (weight || !view->sample_mean);
		struct atlas_stack *stack = counts ? atlas_stack_of(atlas, origin->frame) : NULL;

		if (stack && weight)
			add_weight(atlas, stack, weight);
		else if (stack)
			add_origin(stack, origin);
	}
}

static void round_stack(
	struct atlas_stack *stack, const double sum[ATLAS_SUMS], const double variance[ATLAS_SUMS])
{
	stack->live_blocks = poisson_round(sum[ATLAS_LIVE_BLOCKS]);
	stack->live_bytes = poisson_round(sum[ATLAS_LIVE_BYTES]);
	stack->live_resident = poisson_round(sum[ATLAS_LIVE_RESIDENT]);
	stack->pinned = poisson_round(sum[ATLAS_PINNED]);
	stack->slack = poisson_round(sum[ATLAS_SLACK]);
	stack->allocations += poisson_round(sum[ATLAS_ALLOCATIONS]);
	stack->allocated_bytes += poisson_round(sum[ATLAS_ALLOCATED_BYTES]);
	stack->samples = poisson_round(sum[ATLAS_SAMPLES]);
	for (unsigned i = 0; i < ATLAS_HELDS; i++)
		stack->error[i] = poisson_error(variance[i]);
}

void atlas_stacks_round(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->stacks; i++) {
		round_stack(&atlas->stack[i], atlas->sum[i], atlas->variance[i]);
		atlas->samples += atlas->stack[i].samples;
		atlas->samples_ever += atlas->stack[i].samples_ever;
	}
}

/* -- Their order ---------------------------------------------------------------------------- */

/* Whether a comes after b in the report. */
static bool after(const struct atlas_stack *a, const struct atlas_stack *b)
{
	if (a->live_bytes != b->live_bytes)
		return a->live_bytes < b->live_bytes;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes;
	return a->frame > b->frame;
}

/* The one that comes last is at the root. */
static void sift(struct atlas_stack *stack, uint32_t at, uint32_t count)
{
	struct atlas_stack moved = stack[at];
	uint32_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && after(&stack[child + 1], &stack[child]))
			child++;
		if (!after(&stack[child], &moved))
			break;
		stack[at] = stack[child];
		at = child;
	}
	stack[at] = moved;
}

/* Heapsort: in place, and no recursion on a stack that may be small. */
void atlas_stacks_sort(struct atlas *atlas)
{
	struct atlas_stack *stack = atlas->stack, last;

	for (uint32_t i = atlas->stacks / 2; i-- > 0;)
		sift(stack, i, atlas->stacks);
	for (uint32_t i = atlas->stacks; i-- > 1;) {
		last = stack[i];
		stack[i] = stack[0];
		stack[0] = last;
		sift(stack, 0, i);
	}
	for (uint32_t i = 0; i < atlas->stacks; i++) {
		stack[i].rank = i + 1;
		atlas->stack_of[stack[i].frame] = i + 1;
	}
}

/* -- Where their blocks live ---------------------------------------------------------------- */

static void add_shares(const struct atlas *atlas, uint32_t ranks, double *bytes)
{
	const struct view *view = atlas->view;
	struct blocks_tables tables = view_tables(view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, view->blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		const struct vmatlas_origin *origin = lane_find(view->origins, block.origin);
		uint32_t frame = origin && origin->frame <= atlas->frames ? origin->frame : 0;
		uint32_t index = atlas->stack_of[frame];
		const struct atlas_mapping *mapping;

		if (!index || index > ranks || !view_has_callstack(view, &block))
			continue;
		mapping = atlas_find(atlas, block.address);
		if (mapping)
			bytes[(uint64_t)(index - 1) * atlas->mappings +
				(uint64_t)(mapping - atlas->mapping)] +=
				poisson_of(block.size, view->sample_mean).weight *
				(double)block.size;
	}
}

static void pick_shares(
	const struct atlas *atlas, unsigned most, struct atlas_share *shares, double *bytes)
{
	for (unsigned i = 0; i < most; i++) {
		uint32_t best = 0;

		for (uint32_t m = 1; m < atlas->mappings; m++) {
			if (bytes[m] > bytes[best])
				best = m;
		}
		if (!atlas->mappings || !(bytes[best] > 0))
			best = UINT32_MAX;
		shares[i] = (struct atlas_share){
			best, best == UINT32_MAX ? 0 : poisson_round(bytes[best])};
		if (best == UINT32_MAX)
			return;
		bytes[best] = 0;
	}
}

void atlas_shares(const struct atlas *atlas, uint32_t ranks, unsigned most,
	struct atlas_share *shares, double *memory)
{
	add_shares(atlas, ranks, memory);
	for (uint32_t rank = 0; rank < ranks; rank++)
		pick_shares(atlas, most, shares + (uint64_t)rank * most,
			memory + (uint64_t)rank * atlas->mappings);
}
