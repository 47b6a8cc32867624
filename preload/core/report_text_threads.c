#include "report_text_threads.h"
#include "owner.h"
#include "stack_use.h"
#include "text_column.h"

/* -- Threads -------------------------------------------------------------------------------- */

struct counts {
	uint32_t living, ended;
};

static struct counts count_threads(const struct lane *threads)
{
	uint32_t count = lane_count(threads);
	struct counts counts = {0, 0};

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && thread->tid && thread->ended)
			counts.ended++;
		else if (thread && thread->tid)
			counts.living++;
	}
	return counts;
}

static void put_stack(
	struct text *text, const struct atlas *atlas, const struct vmatlas_thread *thread)
{
	uint64_t used;

	if (thread->stack_start >= thread->stack_end) {
		text_str(text, "      ?       ?      ?  ");
		return;
	}
	if (stack_use(atlas, thread, &used))
		text_put_column(text, used, 7);
	else
		text_right(text, "?", 7);
	text_put_column(text, thread->stack_end - thread->stack_start, 8);
	text_put_column(text, thread->guard_bytes, 7);
	text_str(text, "  ");
}

static void put_who(const struct report *report, const struct vmatlas_thread *thread)
{
	size_t named = owner_thread_name(thread), length = 0;
	char owner[OWNER_BYTES];

	text_printable(report->text, thread->name, named);
	if (thread->flags & VMATLAS_THREAD_MAIN)
		text_str(report->text, named ? ", main thread" : "main thread");
	else if (thread->creator)
		length = owner_of_stack(report, thread->creator, owner);
	if (length)
		text_str(report->text, named ? ", made by " : "made by ");
	text_printable(report->text, owner, length);
}

static void put_thread(const struct report *report, const struct vmatlas_thread *thread)
{
	text_dec_right(report->text, thread->tid, 9);
	put_stack(report->text, report->atlas, thread);
	put_who(report, thread);
	text_char(report->text, '\n');
}

static void put_heading(struct text *text, const struct counts *counts)
{
	text_str(text, "\nThreads: ");
	text_put_grouped(text, counts->living, 0);
	if (counts->ended) {
		text_str(text, ", and ");
		text_put_grouped(text, counts->ended, 0);
		text_str(text, " that ended");
	}
	text_str(text, "\n      tid  stack      of  guard  name\n");
}

void report_text_threads(const struct report *report)
{
	const struct lane *threads = report->view->threads;
	uint32_t count = lane_count(threads);
	struct counts counts = count_threads(threads);

	if (!counts.living)
		return;
	put_heading(report->text, &counts);
	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && thread->tid && !thread->ended)
			put_thread(report, thread);
	}
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_place(const struct report *report, const struct block *block)
{
	const struct atlas_mapping *mapping = atlas_find(report->atlas, block->address);
	const struct vmatlas_birth *birth = report_block_birth(report, block);

	if (!mapping) {
		text_str(report->text, "  in no mapping\n");
		return;
	}
	text_str(report->text, "  ");
	text_str(report->text, kind_name((enum kind)mapping->kind));
	text_char(report->text, ' ');
	text_hex(report->text, mapping->start);
	if (birth && (birth->start != mapping->start || birth->end != mapping->end)) {
		text_str(report->text, ", at birth ");
		text_hex(report->text, birth->start);
		text_char(report->text, '-');
		text_hex(report->text, birth->end);
	}
	text_char(report->text, '\n');
}

/* Of a block that was not sampled, neither is known. */
static void put_callstack(const struct report *report, const struct block *block)
{
	if (view_has_callstack(report->view, block))
		text_dec_right(report->text, report_block_frame(report, block), 12);
	else
		text_right(report->text, "-", 12);
}

static void put_age(const struct report *report, const struct block *block)
{
	uint64_t ns = view_age_ns(report->view, block->time);
	char age[TEXT_HUMAN];

	text_right(report->text, block->time ? text_duration_human(ns, age) : "-", 13);
}

static void put_block(const struct report *report, const struct block *block)
{
	struct text *text = report->text;

	text_hex_wide(text, block->address, 12);
	text_put_grouped(text, block->size, 16);
	put_callstack(report, block);
	if (block->thread)
		text_dec_right(text, view_tid(report->view, block->thread), 9);
	else
		text_right(text, "-", 9);
	put_age(report, block);
	put_place(report, block);
}

void report_text_blocks(const struct report *report)
{
	struct blocks_tables tables = view_tables(report->view);
	struct blocks_cursor cursor;
	struct block block;

	text_str(report->text, "\nBlocks\naddress                size  call stack"
			       "      tid          age  mapping\n");
	blocks_begin(&cursor, report->view->blocks, &tables);
	while (blocks_next(&cursor, &block))
		put_block(report, &block);
}
