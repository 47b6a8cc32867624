#include "addr_stack.h"

#include <stdio.h>
#include <string.h>

/* -- By what the shim knows ------------------------------------------------------------------ */

static bool reaches(const struct vmatlas_thread *thread, uint64_t address)
{
	return thread->tid && !thread->ended && thread->stack_start < thread->stack_end &&
	       address < thread->stack_end && address >= thread->stack_start - thread->guard_bytes;
}

static struct addr_stack of_thread(const struct vmatlas_thread *thread, uint64_t address)
{
	struct addr_stack stack = {
		.on = address >= thread->stack_start,
		.guard = address < thread->stack_start,
		.main = thread->flags & VMATLAS_THREAD_MAIN,
		.exact = true,
		.tid = thread->tid,
		.top = thread->stack_end,
	};

	memcpy(stack.name, thread->name, sizeof(stack.name) - 1);
	return stack;
}

static bool by_threads(const struct view *view, uint64_t address, struct addr_stack *stack)
{
	uint32_t count = view ? lane_count(view->threads) : 0;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(view->threads, id);

		if (!thread || !reaches(thread, address))
			continue;
		*stack = of_thread(thread, address);
		return true;
	}
	return false;
}

/* -- By the mapping -------------------------------------------------------------------------- */

/* "thread 1234 name", as listing_live_threads has it. */
static void read_owner(const struct listing_row *row, struct addr_stack *stack)
{
	unsigned tid;
	int behind = 0;

	if (!row->owner || sscanf(row->owner, "thread %u %n", &tid, &behind) != 1)
		return;
	stack->tid = tid;
	if (behind)
		snprintf(stack->name, sizeof(stack->name), "%s", row->owner + behind);
}

static struct addr_stack by_row(const struct listing_row *row)
{
	struct addr_stack stack = {
		.on = row->kind == KIND_MAIN_STACK || row->kind == KIND_THREAD_STACK,
		.guard = row->kind == KIND_GUARD,
		.main = row->kind == KIND_MAIN_STACK,
		.exact = row->kind == KIND_MAIN_STACK,
	};

	if (stack.on)
		stack.top = row->line.end;
	if (stack.on || stack.guard)
		read_owner(row, &stack);
	return stack;
}

struct addr_stack addr_stack_find(
	const struct addr_source *source, const struct listing_row *row, uint64_t address)
{
	struct addr_stack stack;

	if (by_threads(source->view, address, &stack))
		return stack;
	return by_row(row);
}
