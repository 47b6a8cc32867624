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

void atlas_stacks_count(struct atlas *atlas)
{
	uint32_t count = lane_count(atlas->view->origins);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_origin *origin = lane_find(atlas->view->origins, id);
		bool used = origin && (origin->frame || origin->slot);
		struct atlas_stack *stack = used ? atlas_stack_of(atlas, origin->frame) : NULL;

		if (!stack)
			continue;
		stack->allocations += __atomic_load_n(&origin->allocations, __ATOMIC_RELAXED);
		stack->allocated_bytes +=
			__atomic_load_n(&origin->allocated_bytes, __ATOMIC_RELAXED);
	}
}

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

static void add_shares(const struct atlas *atlas, uint32_t ranks, uint64_t *bytes)
{
	struct blocks_tables tables = view_tables(atlas->view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, atlas->view->blocks, &tables);
	while (blocks_next(&cursor, &block)) {
		const struct vmatlas_origin *origin = lane_find(atlas->view->origins, block.origin);
		uint32_t frame = origin && origin->frame <= atlas->frames ? origin->frame : 0;
		uint32_t index = atlas->stack_of[frame];
		const struct atlas_mapping *mapping;

		if (!index || index > ranks)
			continue;
		mapping = atlas_find(atlas, block.address);
		if (mapping)
			bytes[(uint64_t)(index - 1) * atlas->mappings +
				(uint64_t)(mapping - atlas->mapping)] += block.size;
	}
}

static void pick_shares(
	const struct atlas *atlas, unsigned most, struct atlas_share *shares, uint64_t *bytes)
{
	for (unsigned i = 0; i < most; i++) {
		uint32_t best = 0;

		for (uint32_t m = 1; m < atlas->mappings; m++) {
			if (bytes[m] > bytes[best])
				best = m;
		}
		if (!atlas->mappings || !bytes[best])
			best = UINT32_MAX;
		shares[i] = (struct atlas_share){best, best == UINT32_MAX ? 0 : bytes[best]};
		if (best == UINT32_MAX)
			return;
		bytes[best] = 0;
	}
}

void atlas_shares(const struct atlas *atlas, uint32_t ranks, unsigned most,
	struct atlas_share *shares, uint64_t *memory)
{
	add_shares(atlas, ranks, memory);
	for (uint32_t rank = 0; rank < ranks; rank++)
		pick_shares(atlas, most, shares + (uint64_t)rank * most,
			memory + (uint64_t)rank * atlas->mappings);
}
