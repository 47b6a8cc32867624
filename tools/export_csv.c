/* One table as comma-separated values (RFC 4180), with a line of names. What moves a cursor in a
 * name is written as \xNN, so each record is a line. */
#include "export_figures.h"
#include "export_format.h"
#include "export_frames.h"
#include "maps_csv.h"

#include <errno.h>
#include <stdlib.h>

static void put_known(struct text *text, uint64_t value, bool known)
{
	text_char(text, ',');
	if (known)
		text_dec(text, value);
}

/* -- Call stacks ---------------------------------------------------------------------------- */

static bool is_known(const struct atlas *atlas, int value)
{
	return atlas->pages_known || (value != EXPORT_RESIDENT && value != EXPORT_PINNED);
}

/* 0 or ENOMEM. */
static int put_frames(
	struct text *text, const struct export_frames *frames, const uint32_t *list, size_t count)
{
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);

	for (size_t i = 0; stream && i < count; i++) {
		size_t length;
		const char *word = words_at(&frames->words, list[i], &length);

		if (i)
			fputc(';', stream);
		fwrite(word, 1, length, stream);
	}
	if (!stream || fclose(stream) != 0) {
		free(line);
		return ENOMEM;
	}
	text_char(text, ',');
	maps_csv_field(text, line, size);
	free(line);
	return 0;
}

static int put_stack(
	struct text *text, struct export_frames *frames, const struct atlas_stack *stack)
{
	struct export_figures figures;
	uint32_t list[EXPORT_FRAMES_MOST];
	int error = 0;
	size_t count = export_frames_list(frames, stack->frame, list, &error);

	export_figures_of_stack(&figures, frames->process, stack);
	text_dec(text, stack->frame);
	for (int value = 0; value < EXPORT_VALUES; value++) {
		if (value != EXPORT_RETAINED)
			put_known(text, figures.value[value],
				is_known(&frames->process->atlas, value));
	}
	put_known(text, stack->error[ATLAS_LIVE_BYTES], true);
	put_known(text, stack->error[ATLAS_ALLOCATED_BYTES], true);
	if (!error)
		error = put_frames(text, frames, list, count);
	text_char(text, '\n');
	return error;
}

static int put_stacks(struct text *text, const struct export_process *process)
{
	struct export_frames frames;
	int error = export_frames_begin(&frames, process, export_frames_put_function);

	text_str(text, "callstack");
	for (int value = 0; value < EXPORT_VALUES; value++) {
		if (value == EXPORT_RETAINED)
			continue;
		text_char(text, ',');
		text_str(text, export_value_name((enum export_value)value));
	}
	text_str(text, ",live_bytes_error,allocated_bytes_error,frames\n");
	for (uint32_t i = 0; !error && i < process->atlas.stacks; i++)
		error = put_stack(text, &frames, &process->atlas.stack[i]);
	export_frames_free(&frames);
	return error;
}

/* -- Blocks --------------------------------------------------------------------------------- */

static void put_block(
	struct text *text, const struct export_process *process, const struct block *block)
{
	const struct atlas_part *part = atlas_part_find(&process->atlas, block->address);
	uint32_t tid = view_tid(&process->view, block->thread);

	text_address(text, block->address);
	put_known(text, block->size, true);
	put_known(text, report_block_frame(&process->report, block),
		view_has_callstack(&process->view, block));
	put_known(text, tid, tid != 0);
	put_known(text, view_time_ns(&process->view, block->time), block->time != 0);
	text_char(text, ',');
	if (part)
		text_address(text, process->atlas.mapping[part->mapping].start);
	text_char(text, ',');
	if (part)
		text_str(text, kind_name((enum kind)part->kind));
	text_char(text, '\n');
}

static void put_blocks(struct text *text, const struct export_process *process)
{
	struct blocks_tables tables = view_tables(&process->view);
	struct blocks_cursor cursor;
	struct block block;

	text_str(text, "address,size,callstack,tid,time_ns,mapping,kind\n");
	blocks_begin(&cursor, process->view.blocks, &tables);
	while (blocks_next(&cursor, &block))
		put_block(text, process, &block);
}

/* -- Tables --------------------------------------------------------------------------------- */

static void put_ledger(struct text *text, const struct atlas *atlas)
{
	text_str(text, "row,bytes\n");
	for (unsigned row = 0; row < ATLAS_ROWS; row++) {
		text_str(text, atlas_row_name((enum atlas_row)row));
		put_known(text, atlas->row[row], true);
		text_char(text, '\n');
	}
}

static int add(struct export_job *job, const struct export_process *process)
{
	switch (job->options->table) {
	case EXPORT_CALLSTACKS:
		return put_stacks(job->text, process);
	case EXPORT_BLOCK_TABLE:
		put_blocks(job->text, process);
		return 0;
	case EXPORT_LEDGER:
		put_ledger(job->text, &process->atlas);
		return 0;
	}
	return 0;
}

const struct export_format export_csv = {
	.name = "csv",
	.suffix = ".csv",
	.summary = "one table, see --table",
	.add = add,
};
