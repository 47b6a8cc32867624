/* OpenMetrics 1.0 text that the parsers of Prometheus's own format take, too. So all are gauges:
 * the two formats name counters differently; and they have no times of their own, which
 * node_exporter's textfile collector would refuse. The samples of a family must lie together, so
 * all processes are heard before the first is written. */
#include "complain.h"
#include "export_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum figure {
	SNAPSHOT_TIME,
	COMPLETE,
	SIZE,
	RSS,
	PSS,
	SWAP,
	PINNED,
	TRIMMABLE,
	LIVE_BYTES,
	LIVE_BLOCKS,
	PEAK_LIVE_BYTES,
	ALLOCATIONS,
	ALLOCATED_BYTES,
	FREES,
	FREED_BYTES,
	NOT_SEEN,
	FIGURES,
};

static const struct {
	const char *name, *unit, *help;
} families[FIGURES] = {
	[SNAPSHOT_TIME] = {"snapshot_time_seconds", "seconds", "When the snapshot was made."},
	[COMPLETE] = {"snapshot_complete", NULL, "1 where all that it wanted could be read."},
	[SIZE] = {"mapped_bytes", "bytes", "Address space."},
	[RSS] = {"rss_bytes", "bytes", "Memory that is resident; the sum of vmatlas_ledger_bytes."},
	[PSS] = {"pss_bytes", "bytes", "RSS, each page divided by those who share it."},
	[SWAP] = {"swap_bytes", "bytes", "Memory in swap."},
	[PINNED] = {"pinned_bytes", "bytes", "Retained bytes on a page with a live block."},
	[TRIMMABLE] = {"trimmable_bytes", "bytes", "What malloc_trim(0) would give back."},
	[LIVE_BYTES] = {"live_bytes", "bytes", "Allocated and not freed."},
	[LIVE_BLOCKS] = {"live_blocks", NULL, "Blocks that are allocated and not freed."},
	[PEAK_LIVE_BYTES] = {"peak_live_bytes", "bytes", "The most live bytes that there were."},
	[ALLOCATIONS] = {"allocations", NULL, "Allocations since the start."},
	[ALLOCATED_BYTES] = {"allocated_bytes", "bytes", "Bytes allocated since the start."},
	[FREES] = {"frees", NULL, "Frees since the start."},
	[FREED_BYTES] = {"freed_bytes", "bytes", "Bytes freed since the start."},
	[NOT_SEEN] = {"not_seen", NULL, "What was not seen or not kept; vmatlas report lists it."},
};

struct measured {
	char *service;
	uint32_t pid;
	uint64_t figure[FIGURES], row[ATLAS_ROWS];
	bool pages_known;
};

struct measuring {
	struct measured *process;
	uint32_t processes;
};

/* -- Listening ------------------------------------------------------------------------------ */

static int begin(struct export_job *job)
{
	struct measuring *measuring = calloc(1, sizeof(*measuring));

	job->state = measuring;
	if (measuring)
		measuring->process = calloc(job->processes, sizeof(*measuring->process));
	return measuring && measuring->process ? 0 : ENOMEM;
}

static uint64_t not_seen(const struct report *report)
{
	struct view_lost lost;
	uint64_t sum = 0;

	for (unsigned i = 0; report_lost(report, i, &lost); i++)
		sum += lost.count;
	return sum;
}

/* Two samples of the same name and labels are refused by all who read them. */
static bool is_there(const struct measuring *measuring, const struct export_process *process)
{
	for (uint32_t i = 0; i < measuring->processes; i++) {
		if (measuring->process[i].pid == process->view.pid &&
			!strcmp(measuring->process[i].service, process->service))
			return true;
	}
	return false;
}

static int add(struct export_job *job, const struct export_process *process)
{
	struct measuring *measuring = job->state;
	struct measured *measured = &measuring->process[measuring->processes];
	const struct atlas *atlas = &process->atlas;
	const struct view *view = &process->view;

	if (is_there(measuring, process)) {
		complain_cannot(process->path, "process %u of %s is there twice (--service)",
			(unsigned)view->pid, process->service);
		return EXPORT_TOLD;
	}
	measuring->processes++;
	*measured = (struct measured){
		.service = strdup(process->service),
		.pid = view->pid,
		.pages_known = atlas->pages_known,
		.figure =
			{
				[SNAPSHOT_TIME] = view->now.realtime_ns,
				[COMPLETE] = view->complete,
				[SIZE] = atlas->size,
				[RSS] = atlas->rss,
				[PSS] = atlas->pss,
				[SWAP] = atlas->swap,
				[PINNED] = atlas->pinned,
				[TRIMMABLE] = atlas->trimmable,
				[LIVE_BYTES] = atlas->live_bytes,
				[LIVE_BLOCKS] = atlas->live_blocks,
				[PEAK_LIVE_BYTES] = report_peak(&process->report),
				[ALLOCATIONS] = view->allocations,
				[ALLOCATED_BYTES] = view->allocated_bytes,
				[FREES] = view->frees,
				[FREED_BYTES] = view->freed_bytes,
				[NOT_SEEN] = not_seen(&process->report),
			},
	};
	memcpy(measured->row, atlas->row, sizeof(measured->row));
	return measured->service ? 0 : ENOMEM;
}

/* -- Writing -------------------------------------------------------------------------------- */

static void put_family(struct text *text, const char *name, const char *unit, const char *help)
{
	text_str(text, "# TYPE vmatlas_");
	text_str(text, name);
	text_str(text, " gauge\n");
	if (unit) {
		text_str(text, "# UNIT vmatlas_");
		text_str(text, name);
		text_char(text, ' ');
		text_str(text, unit);
		text_char(text, '\n');
	}
	text_str(text, "# HELP vmatlas_");
	text_str(text, name);
	text_char(text, ' ');
	text_str(text, help);
	text_char(text, '\n');
}

/* A label's value: printable already, so that only these two need an escape. */
static void put_escaped(struct text *text, const char *value)
{
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			text_char(text, '\\');
		text_char(text, *value);
	}
}

static void put_labels(struct text *text, const struct measured *process, const char *row)
{
	text_str(text, "{service=\"");
	put_escaped(text, process->service);
	text_str(text, "\",pid=\"");
	text_dec(text, process->pid);
	if (row) {
		text_str(text, "\",row=\"");
		text_str(text, row);
	}
	text_str(text, "\"} ");
}

static void put_value(struct text *text, enum figure figure, uint64_t value)
{
	const uint64_t second_ns = 1000000000;

	text_dec(text, figure == SNAPSHOT_TIME ? value / second_ns : value);
	if (figure == SNAPSHOT_TIME) {
		char digits[16];

		snprintf(digits, sizeof(digits), ".%09u", (unsigned)(value % second_ns));
		text_str(text, digits);
	}
	text_char(text, '\n');
}

static bool is_known(const struct measured *process, enum figure figure)
{
	return process->figure[figure] != VIEW_UNKNOWN &&
	       (process->pages_known || (figure != PINNED && figure != TRIMMABLE));
}

static void put_figure(struct text *text, const struct measuring *measuring, enum figure figure)
{
	put_family(text, families[figure].name, families[figure].unit, families[figure].help);
	for (uint32_t i = 0; i < measuring->processes; i++) {
		const struct measured *process = &measuring->process[i];

		if (!is_known(process, figure))
			continue;
		text_str(text, "vmatlas_");
		text_str(text, families[figure].name);
		put_labels(text, process, NULL);
		put_value(text, figure, process->figure[figure]);
	}
}

static void put_ledger(struct text *text, const struct measuring *measuring)
{
	put_family(text, "ledger_bytes", "bytes", "What RSS is made of.");
	for (uint32_t i = 0; i < measuring->processes; i++) {
		const struct measured *process = &measuring->process[i];

		for (unsigned row = 0; row < ATLAS_ROWS; row++) {
			text_str(text, "vmatlas_ledger_bytes");
			put_labels(text, process, atlas_row_name((enum atlas_row)row));
			text_dec(text, process->row[row]);
			text_char(text, '\n');
		}
	}
}

static void release(struct measuring *measuring)
{
	for (uint32_t i = 0; measuring && i < measuring->processes; i++)
		free(measuring->process[i].service);
	if (measuring)
		free(measuring->process);
	free(measuring);
}

static int end(struct export_job *job, int error)
{
	struct measuring *measuring = job->state;

	if (!error) {
		for (unsigned figure = 0; figure < FIGURES; figure++)
			put_figure(job->text, measuring, (enum figure)figure);
		put_ledger(job->text, measuring);
		text_str(job->text, "# EOF\n");
	}
	release(measuring);
	return error;
}

const struct export_format export_openmetrics = {
	.name = "openmetrics",
	.suffix = ".prom",
	.summary = "gauges of the ledger",
	.many = true,
	.begin = begin,
	.add = add,
	.end = end,
};
