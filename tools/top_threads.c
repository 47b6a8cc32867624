#include "../preload/core/owner.h"
#include "../preload/core/stack_use.h"
#include "top_forms.h"

#include <errno.h>

enum { TID, STACK, SIZE, GUARD, AGE, GROWTH, NAME };

static bool lives(const struct vmatlas_thread *thread)
{
	return thread && thread->tid && !thread->ended;
}

static void put_stack(
	struct top_row *row, const struct top_moment *moment, const struct vmatlas_thread *thread)
{
	if (thread->stack_start >= thread->stack_end) {
		row->unknown |= 1u << STACK | 1u << SIZE | 1u << GUARD;
		return;
	}
	if (!stack_use(&moment->atlas, thread, &row->cell[STACK]))
		row->unknown |= 1u << STACK;
	row->cell[SIZE] = thread->stack_end - thread->stack_start;
	row->cell[GUARD] = thread->guard_bytes;
}

static int add(struct top_table *table, const struct top_moment *moment, uint32_t id)
{
	const struct vmatlas_thread *thread = lane_find(moment->view.threads, id);
	struct top_row *row;

	if (!lives(thread))
		return 0;
	row = top_table_add(table);
	if (!row)
		return ENOMEM;
	row->key = row->index = id;
	row->frame = thread->creator;
	row->cell[TID] = thread->tid;
	row->cell[AGE] = view_age_ns(&moment->view, thread->started);
	row->unknown = thread->started ? 0 : 1u << AGE;
	put_stack(row, moment, thread);
	table->total.cell[STACK] += row->cell[STACK];
	table->total.cell[SIZE] += row->cell[SIZE];
	table->total.cell[GUARD] += row->cell[GUARD];
	table->total.unknown |= row->unknown;
	return 0;
}

static int fill(struct top_table *table, struct top_moment *moment)
{
	uint32_t count = lane_count(moment->view.threads);

	table->total.name = "all threads";
	for (uint32_t id = 1; id <= count; id++)
		if (add(table, moment, id))
			return ENOMEM;
	table->total.unknown |= 1u << TID | 1u << AGE;
	return 0;
}

/* As in the report: the name, and who made it. */
static void put_name(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	const struct vmatlas_thread *thread = lane_find(moment->view.threads, row->index);
	size_t named = owner_thread_name(thread), length = 0;
	char owner[OWNER_BYTES];

	text_printable(text, thread->name, named);
	if (thread->flags & VMATLAS_THREAD_MAIN)
		text_str(text, named ? ", main thread" : "main thread");
	else if (thread->creator)
		length = owner_of_stack(&moment->report, thread->creator, owner);
	if (length)
		text_str(text, named ? ", made by " : "made by ");
	text_printable(text, owner, length);
}

const struct top_form top_threads = {
	.title = "Threads",
	.name = "threads",
	.measured = "resident bytes of the stack",
	.measure = STACK,
	.sort = STACK,
	.column = {[TID] = {"tid", "tid", TOP_NUMBER, 8, 0, false},
		[STACK] = {"stack", "stack_resident", TOP_SIZE, 5, 0, false},
		[SIZE] = {"of", "stack_size", TOP_SIZE, 5, 3, false},
		[GUARD] = {"guard", "guard_bytes", TOP_SIZE, 5, 5, false},
		[AGE] = {"runs", "age_ns", TOP_AGE, 11, 4, false},
		[GROWTH] = {"growth", NULL, TOP_GROWTH, 7, 1, false},
		[NAME] = {"name", "name", TOP_NAME, 0, 0, false}},
	.fill = fill,
	.put_name = put_name,
};
