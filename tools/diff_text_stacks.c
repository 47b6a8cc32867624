#include "diff_text.h"

#include <stdlib.h>

#include "../preload/core/report_text_stacks.h"
#include "../preload/core/text_column.h"
#include "diff_pick.h"

static void put_change_of(struct text *text, const char *what, int64_t growth, const char *between)
{
	if (!growth)
		return;
	text_str(text, between);
	diff_put_growth(text, growth, 0);
	text_char(text, ' ');
	text_str(text, what);
}

static void put_frames(const struct diff_show *show, const struct diff_stack *stack)
{
	enum diff_then side = diff_show_where(stack);

	report_text_frames(&show->report[side], stack->frame[side], 8);
}

static void put_number(const struct diff_show *show, const struct diff_stack *stack)
{
	enum diff_then side = diff_show_where(stack);

	text_str(show->text, "; call stack ");
	text_dec(show->text, stack->frame[side]);
	if (side == DIFF_OLD && stack->frame[side])
		text_str(show->text, " of the old one");
	text_char(show->text, '\n');
}

static void put_rank(struct text *text, uint32_t rank, int64_t growth)
{
	text_str(text, "\n#");
	text_dec(text, rank);
	text_str(text, rank < 10 ? "   " : "  ");
	diff_put_growth(text, growth, 0);
}

/* -- What they allocated -------------------------------------------------------------------- */

static void put_bytes(const struct diff_show *show, const struct diff_held *held)
{
	text_size(show->text, held->live_bytes);
	diff_put_size_error(show, poisson_error(held->variance[ATLAS_LIVE_BYTES]));
}

static void put_blocks(const struct diff_show *show, const struct diff_held *held)
{
	text_put_grouped(show->text, held->live_blocks, 0);
	diff_put_count_error(show, poisson_error(held->variance[ATLAS_LIVE_BLOCKS]));
}

static void put_held(const struct diff_show *show, const struct diff_stack *stack)
{
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];
	struct text *text = show->text;

	diff_put_size_error(show, stack->live_error);
	text_str(text, " live: ");
	put_bytes(show, old);
	text_str(text, " → ");
	put_bytes(show, new);
	text_str(text, " in ");
	put_blocks(show, old);
	text_str(text, " → ");
	put_blocks(show, new);
	text_str(text, new->live_blocks == 1 ? " block" : " blocks");
	put_number(show, stack);
}

static void put_cost(const struct diff_show *show, const struct diff_stack *stack)
{
	struct text *text = show->text;

	if (!show->model->pages)
		return;
	text_str(text, "     ");
	diff_put_growth(text, diff_stack_resident(stack), 0);
	diff_put_size_error(show, stack->resident_error);
	text_str(text, " resident");
	if (show->model->same_process && !show->model->sampled) {
		put_change_of(text, "newly live", diff_stack_newly_live(stack), ": ");
		put_change_of(text, "newly touched", stack->touched,
			diff_stack_newly_live(stack) ? ", " : ": ");
	}
	put_change_of(text, "pinned", diff_stack_pinned(stack), "; ");
	if (diff_stack_pinned(stack))
		diff_put_size_error(show, stack->pinned_error);
	text_char(text, '\n');
}

/* The samples of then are among those of now. */
static uint64_t error_between(const struct diff_stack *stack, enum atlas_held held)
{
	return poisson_error(
		stack->held[DIFF_NEW].variance[held] - stack->held[DIFF_OLD].variance[held]);
}

static void put_between_sampled(const struct diff_show *show, const struct diff_stack *stack)
{
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];
	struct text *text = show->text;

	text_str(text, "     in between ");
	text_put_grouped(text, new->allocations - old->allocations, 0);
	diff_put_count_error(show, error_between(stack, ATLAS_ALLOCATIONS));
	text_str(text, " allocations of ");
	text_size(text, new->allocated_bytes - old->allocated_bytes);
	diff_put_size_error(show, error_between(stack, ATLAS_ALLOCATED_BYTES));
	text_str(text, "; ");
	text_put_grouped(text, stack->born.blocks, 0);
	diff_put_count_error(show, stack->born.blocks_error);
	text_str(text, " of these live; ");
	text_put_grouped(text, stack->freed.blocks, 0);
	diff_put_count_error(show, stack->freed.blocks_error);
	text_str(text, " older freed\n");
}

static void put_between(const struct diff_show *show, const struct diff_stack *stack)
{
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];
	uint64_t bytes = new->allocated_bytes - old->allocated_bytes;
	struct text *text = show->text;

	if (!show->model->same_process || new->allocations < old->allocations)
		return;
	if (show->model->sampled) {
		put_between_sampled(show, stack);
		return;
	}
	text_str(text, "     in between ");
	diff_put_allocations(text, show->model, new->allocations - old->allocations, bytes);
	text_str(text, "; ");
	text_put_grouped(text, stack->born.blocks, 0);
	text_str(text, " of these live; ");
	text_put_grouped(text, stack->freed.blocks, 0);
	text_str(text, " older freed\n");
}

static void put_stack(const struct diff_show *show, const struct diff_stack *stack, uint32_t rank)
{
	put_rank(show->text, rank, diff_stack_live(stack));
	put_held(show, stack);
	put_cost(show, stack);
	put_between(show, stack);
	put_frames(show, stack);
}

static void put_others(
	const struct diff_show *show, const struct diff_picked_stacks *picked, const char *what)
{
	struct text *text = show->text;

	if (!picked->others.stacks)
		return;
	text_str(text, "\n     ");
	diff_put_growth(text, (int64_t)picked->others.bytes, 0);
	if (picked->others.variance > 0)
		diff_put_size_error(show, poisson_error(picked->others.variance));
	text_str(text, what);
	if (show->model->pages && !show->model->sampled) {
		text_str(text, ", ");
		diff_put_growth(text, (int64_t)picked->others.resident, 0);
		text_str(text, " resident");
	}
	if (!show->model->sampled)
		put_change_of(text, "pinned", (int64_t)picked->others.pinned, "; ");
	text_str(text, ", by ");
	diff_put_count(text, picked->others.stacks, "other call stack");
	text_char(text, '\n');
}

int diff_text_stacks(const struct diff_show *show)
{
	struct diff_picked_stacks picked;
	int error = diff_pick_stacks(&picked, show->model, show->options, DIFF_PICK_BLOCKS);

	if (!error) {
		text_str(show->text, "\nCall stacks by growth of what they allocated");
		text_str(show->text,
			picked.count || picked.others.stacks ? "\n" : ": none changed\n");
		for (uint32_t i = 0; i < picked.count; i++)
			put_stack(show, picked.stack[i], i + 1);
		put_others(show, &picked, " live");
	}
	free(picked.stack);
	return error;
}

/* -- What they mapped ----------------------------------------------------------------------- */

static void put_regions(const struct diff_show *show, const struct diff_stack *stack, uint32_t rank)
{
	const struct diff_held *old = &stack->held[DIFF_OLD], *new = &stack->held[DIFF_NEW];
	struct text *text = show->text;

	put_rank(text, rank, diff_stack_regions(stack));
	text_str(text, " mapped: ");
	text_size(text, old->region_bytes);
	text_str(text, " → ");
	text_size(text, new->region_bytes);
	text_str(text, " in ");
	text_put_grouped(text, old->regions, 0);
	text_str(text, " → ");
	diff_put_count(text, new->regions, "region");
	if (show->model->pages) {
		text_str(text, "; ");
		diff_put_growth(text, diff_stack_region_resident(stack), 0);
		text_str(text, " resident");
	}
	put_number(show, stack);
	put_frames(show, stack);
}

int diff_text_regions(const struct diff_show *show)
{
	struct diff_picked_stacks picked;
	int error = diff_pick_stacks(&picked, show->model, show->options, DIFF_PICK_REGIONS);

	if (!error && (picked.count || picked.others.stacks)) {
		text_str(show->text, "\nCall stacks by growth of what they mapped\n");
		for (uint32_t i = 0; i < picked.count; i++)
			put_regions(show, picked.stack[i], i + 1);
		put_others(show, &picked, " mapped");
	}
	free(picked.stack);
	return error;
}
