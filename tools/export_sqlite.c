/* An SQLite database; vmatlas-export(1) has its schema. */
#include "export_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/core/owner.h"
#include "../preload/core/phase.h"
#include "export_format.h"
#include "outfile.h"
#include "tempname.h"

struct writing {
	struct export_sqlite self;
	char path[PATH_MAX]; /* where it is made, if not where it is to be */
};

void export_sqlite_row(struct export_sqlite *self, enum export_sqlite_table table)
{
	sqlite_row(&self->file, (int)table);
	sqlite_put_number(&self->file, self->number);
}

/* -- Tables --------------------------------------------------------------------------------- */

static void put_command(struct sqlite_file *file, const struct view *view)
{
	char command[4096];
	struct text text;

	text_init(&text, command, sizeof(command), NULL, NULL);
	export_put_command(&text, view);
	sqlite_put_text(file, command, text.used);
}

static void put_what(struct export_sqlite *self)
{
	const struct export_process *process = self->process;
	const struct view *view = &process->view;
	struct sqlite_file *file = &self->file;

	sqlite_put_string(file, process->service);
	sqlite_put_string(file, process->path);
	sqlite_put_number(file, view->pid);
	sqlite_put_string(file, view->name);
	sqlite_put_string(file, view->exe);
	put_command(file, view);
	sqlite_put_string(file, view->kernel);
	sqlite_put_number(file, view->page_size);
	sqlite_put_number(file, view->start.realtime_ns);
	sqlite_put_number(file, view->now.realtime_ns);
	sqlite_put_number(file, view->number);
	sqlite_put_string(file, view->reason);
	sqlite_put_number(file, view->complete);
}

static void put_figure(struct sqlite_file *file, uint64_t value)
{
	sqlite_put_known(file, value, value != VIEW_UNKNOWN);
}

static void put_process(struct export_sqlite *self)
{
	const struct atlas *atlas = &self->process->atlas;
	const struct view *view = &self->process->view;
	struct sqlite_file *file = &self->file;

	export_sqlite_row(self, SQLITE_PROCESSES);
	put_what(self);
	sqlite_put_number(file, atlas->size);
	sqlite_put_number(file, atlas->rss);
	sqlite_put_number(file, atlas->pss);
	sqlite_put_number(file, atlas->swap);
	sqlite_put_number(file, atlas->live_blocks);
	sqlite_put_number(file, atlas->live_bytes);
	sqlite_put_known(file, atlas->pinned, atlas->pages_known);
	sqlite_put_known(file, atlas->trimmable, atlas->pages_known);
	sqlite_put_known(file, atlas->slack, atlas->slack_known);
	put_figure(file, view->allocations);
	put_figure(file, view->allocated_bytes);
	sqlite_put_number(file, view->failed);
	put_figure(file, view->frees);
	put_figure(file, view->freed_bytes);
	put_figure(file, report_peak(&self->process->report));
	sqlite_put_number(file, view->peak_error);
	sqlite_put_known(file, view->sample_mean, view->sample_mean != 0);
	sqlite_row_end(file);
}

static void put_ledger(struct export_sqlite *self)
{
	for (unsigned row = 0; row < ATLAS_ROWS; row++) {
		export_sqlite_row(self, SQLITE_LEDGER);
		sqlite_put_string(&self->file, atlas_row_name((enum atlas_row)row));
		sqlite_put_number(&self->file, self->process->atlas.row[row]);
		sqlite_row_end(&self->file);
	}
}

static void put_not_seen(struct export_sqlite *self)
{
	struct view_lost lost;

	for (unsigned i = 0; report_lost(&self->process->report, i, &lost); i++) {
		export_sqlite_row(self, SQLITE_NOT_SEEN);
		sqlite_put_string(&self->file, lost.name);
		sqlite_put_string(&self->file, lost.explanation);
		sqlite_put_number(&self->file, lost.count);
		sqlite_row_end(&self->file);
	}
}

static void put_thread(struct export_sqlite *self, uint32_t id, const struct vmatlas_thread *thread)
{
	const struct view *view = &self->process->view;
	bool known = thread->stack_start < thread->stack_end;
	struct sqlite_file *file = &self->file;

	export_sqlite_row(self, SQLITE_THREADS);
	sqlite_put_number(file, id);
	sqlite_put_number(file, thread->tid);
	sqlite_put_text(file, thread->name, owner_thread_name(thread));
	sqlite_put_number(file, thread->flags & VMATLAS_THREAD_MAIN);
	sqlite_put_number(file, thread->ended != 0);
	sqlite_put_known(file, thread->stack_start, known);
	sqlite_put_known(file, thread->stack_end, known);
	sqlite_put_known(file, thread->guard_bytes, known);
	sqlite_put_number(file, thread->creator);
	sqlite_put_number(file, view_time_ns(view, thread->started));
	sqlite_put_known(file, view_time_ns(view, thread->ended), thread->ended != 0);
	sqlite_row_end(file);
}

static void put_threads(struct export_sqlite *self)
{
	const struct lane *threads = self->process->view.threads;

	for (uint32_t id = 1; id <= lane_count(threads); id++) {
		const struct vmatlas_thread *thread = lane_find(threads, id);

		if (thread && thread->tid)
			put_thread(self, id, thread);
	}
}

static void put_block(struct export_sqlite *self, const struct block *block)
{
	const struct export_process *process = self->process;
	const struct atlas_part *part = atlas_part_find(&process->atlas, block->address);
	struct sqlite_file *file = &self->file;

	export_sqlite_row(self, SQLITE_BLOCKS);
	sqlite_put_number(file, block->address);
	sqlite_put_number(file, block->size);
	sqlite_put_known(file, report_block_frame(&process->report, block),
		view_has_callstack(&process->view, block));
	sqlite_put_known(file, block->thread, block->thread != 0);
	sqlite_put_known(file, view_time_ns(&process->view, block->time), block->time != 0);
	sqlite_put_known(file, part ? part->mapping + 1u : 0, part != NULL);
	sqlite_put_known(file, part ? (uint64_t)(part - process->atlas.part) + 1 : 0, part != NULL);
	sqlite_row_end(file);
}

static void put_blocks(struct export_sqlite *self)
{
	struct blocks_tables tables_of = view_tables(&self->process->view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, self->process->view.blocks, &tables_of);
	while (!self->file.error && blocks_next(&cursor, &block))
		put_block(self, &block);
}

static void put_phases(struct export_sqlite *self)
{
	const struct view *view = &self->process->view;
	uint32_t count = phase_count(view);
	struct sqlite_file *file = &self->file;
	struct vmatlas_phase phase;

	for (uint32_t id = 1; id <= count; id++) {
		if (!phase_read(view, id, &phase))
			continue;
		export_sqlite_row(self, SQLITE_PHASES);
		sqlite_put_text(file, phase.name, phase.name_length);
		sqlite_put_number(file, view_time_ns(view, phase.time));
		sqlite_put_known(file, phase.thread, phase.thread != 0);
		put_figure(file, phase.live_bytes);
		put_figure(file, phase.live_blocks);
		sqlite_put_known(file, phase.rss, phase.rss != 0);
		put_figure(file, phase.allocations);
		put_figure(file, phase.allocated_bytes);
		sqlite_row_end(file);
	}
}

/* -- The file ------------------------------------------------------------------------------- */

/* What is no file of its own (standard output, a pipe) gets a copy. */
static int make_path(struct writing *writing)
{
	int error = tempname(writing->path, sizeof(writing->path), "vmatlas-export"), descriptor;

	if (error)
		return error;
	descriptor = mkostemp(writing->path, O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	close(descriptor);
	return 0;
}

static int begin(struct export_job *job)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	int error;

	job->state = writing;
	if (!writing)
		return ENOMEM;
	error = *job->path ? 0 : make_path(writing);
	if (error) {
		writing->path[0] = '\0';
		return error;
	}
	sqlite_file_open(&writing->self.file, *job->path ? job->path : writing->path,
		export_sqlite_schema, SQLITE_COUNT, export_sqlite_views);
	return writing->self.file.error;
}

static int add(struct export_job *job, const struct export_process *process)
{
	struct export_sqlite *self = &((struct writing *)job->state)->self;

	self->process = process;
	self->number++;
	put_process(self);
	put_ledger(self);
	put_not_seen(self);
	put_threads(self);
	put_phases(self);
	export_sqlite_code(self);
	export_sqlite_maps(self);
	put_blocks(self);
	return self->file.error;
}

/* 0 or an errno. */
static int copy_out(const char *path, FILE *stream)
{
	FILE *file = fopen(path, "rb");
	char buffer[65536];
	size_t count;
	int error = 0;

	if (!file)
		return errno;
	while (!error && (count = fread(buffer, 1, sizeof(buffer), file)) > 0)
		error = outfile_sink(stream, buffer, count);
	if (!error && ferror(file))
		error = EIO;
	fclose(file);
	return error;
}

static int end(struct export_job *job, int error)
{
	struct writing *writing = job->state;
	int closing;

	if (!writing)
		return error;
	closing = sqlite_file_close(&writing->self.file, error ? "" : export_sqlite_indexes);
	error = error ? error : closing;
	if (!error && *writing->path)
		error = copy_out(writing->path, job->stream);
	if (*writing->path)
		unlink(writing->path);
	free(writing);
	return error;
}

const struct export_format export_sqlite = {
	.name = "sqlite",
	.suffix = ".sqlite",
	.summary = "a database with all that there is",
	.many = true,
	.binary = true,
	.begin = begin,
	.add = add,
	.end = end,
};
