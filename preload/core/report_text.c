#include "date.h"
#include "owner.h"
#include "report.h"
#include "report_text_ledger.h"
#include "report_text_maps.h"
#include "report_text_phases.h"
#include "report_text_regions.h"
#include "report_text_stacks.h"
#include "report_text_threads.h"
#include "text_column.h"

#include <string.h>

/* The sizes at the left of the first lines are so wide. */
enum { SIZE_COLUMNS = 11 };

/* -- What this is --------------------------------------------------------------------------- */

static void put_string(struct text *text, const char *string)
{
	if (!string || !*string)
		string = "?";
	text_printable(text, string, strlen(string));
}

static void put_title(struct text *text, const struct view *view)
{
	text_str(text, "vmatlas: ");
	put_string(text, view->name);
	text_str(text, " (pid ");
	text_dec(text, view->pid);
	text_str(text, ")  ");
	date_write(text, view->now.realtime_ns);
	if (view->maps_only) {
		text_str(text, "  left behind\n");
		return;
	}
	text_str(text, "  dump ");
	text_dec(text, view->number);
	text_str(text, ", by ");
	put_string(text, view->reason);
	text_char(text, '\n');
}

/* The arguments as they were given, one blank between two. A line of this is enough to know which
 * process it is; the JSON report has all. */
static void put_command(struct text *text, const struct view *view)
{
	enum { MOST = 400 };
	size_t length = view->argv_length < MOST ? view->argv_length : MOST;
	const char *at = view->argv, *end = at + length;

	if (!length)
		return;
	text_str(text, "  command  ");
	while (at < end) {
		size_t part = strnlen(at, (size_t)(end - at));

		text_char(text, ' ');
		text_printable(text, at, part);
		at += part + 1;
	}
	text_str(text, length < view->argv_length ? "…\n" : "\n");
}

static void put_running(struct text *text, const struct view *view)
{
	text_str(text, "  running   ");
	text_duration(text, view->now.monotonic_ns - view->start.monotonic_ns);
	if (view->kernel && *view->kernel) {
		text_str(text, "; kernel ");
		put_string(text, view->kernel);
	}
	text_char(text, '\n');
}

/* -- What was not seen ---------------------------------------------------------------------- */

static void put_lost(const struct report *report)
{
	struct view_lost lost;

	for (unsigned i = 0; report_lost(report, i, &lost); i++) {
		if (!lost.count)
			continue;
		text_str(report->text, "  ! not seen: ");
		text_put_grouped(report->text, lost.count, 0);
		text_char(report->text, ' ');
		put_string(report->text, lost.explanation ? lost.explanation : lost.name);
		text_char(report->text, '\n');
	}
}

static void put_notices(const struct report *report)
{
	const struct view *view = report->view;
	struct text *text = report->text;

	if (!view->complete)
		text_str(text, "  ! This report is not complete: something could not be read.\n");
	if (!report->atlas->mappings)
		text_str(text, "  ! The kernel's list of mappings could not be read.\n");
	else if (!report->atlas->pages_known && !view->maps_only)
		text_str(text, "  ! The kernel does not say which pages are in memory: live and "
			       "retained cannot be told apart.\n");
	for (unsigned i = 0; i < view->notices && i < VIEW_NOTICES; i++) {
		text_str(text, "  ! ");
		put_string(text, view->notice[i]);
		text_char(text, '\n');
	}
	put_lost(report);
}

/* -- What is an estimate -------------------------------------------------------------------- */

static void put_sampling(struct text *text, const struct atlas *atlas)
{
	if (!atlas->view->sample_mean)
		return;
	text_str(text, "  ! Call stacks are sampled: one in ");
	text_size(text, atlas->view->sample_mean);
	text_str(text, " of allocated bytes, ");
	text_put_grouped(text, atlas->samples, 0);
	text_str(text, " of ");
	text_put_grouped(text, atlas->samples_ever, 0);
	text_str(text, atlas->samples_ever == 1 ? " sample lives" : " samples live");
	text_str(text, "; ± is one standard error.\n");
}

/* -- The figures of the first lines --------------------------------------------------------- */

static void put_figure(struct text *text, const char *what, uint64_t bytes)
{
	char size[TEXT_HUMAN];

	text_str(text, "  ");
	text_left(text, what, 8);
	text_right(text, text_size_human(bytes, size), SIZE_COLUMNS);
	text_str(text, "  ");
}

static void put_count(struct text *text, uint64_t count, const char *noun)
{
	text_put_grouped(text, count, 0);
	text_char(text, ' ');
	text_str(text, noun);
	if (count != 1)
		text_char(text, 's');
}

static void put_resident(struct text *text, const struct atlas *atlas)
{
	if (atlas->view->maps_only) {
		put_figure(text, "mapped", atlas->size);
		text_str(text, "what of it was in memory is not known\n");
		return;
	}
	put_figure(text, "RSS", atlas->rss);
	text_str(text, "of ");
	text_size(text, atlas->size);
	text_str(text, " mapped; PSS ");
	text_size(text, atlas->pss);
	if (atlas->swap) {
		text_str(text, "; swapped out ");
		text_size(text, atlas->swap);
	}
	text_char(text, '\n');
}

static void put_peak(struct text *text, const struct report *report)
{
	uint64_t peak = report_peak(report);

	text_str(text, "; peak ");
	if (peak == VIEW_UNKNOWN) {
		text_str(text, "not known");
		return;
	}
	text_size(text, peak);
	if (report->view->peak_error) {
		text_str(text, " ± ");
		text_size(text, report->view->peak_error);
	}
}

static void put_live(struct text *text, const struct report *report)
{
	const struct atlas *atlas = report->atlas;

	put_figure(text, "live", atlas->live_bytes);
	text_str(text, "in ");
	put_count(text, atlas->live_blocks, "block");
	put_peak(text, report);
	if (atlas->slack) {
		text_str(text, "; rounded up by ");
		text_size(text, atlas->slack);
		text_str(text, " at least");
	}
	text_char(text, '\n');
}

static void put_ever(struct text *text, const struct atlas *atlas)
{
	const struct view *view = atlas->view;

	if (view->allocations == VIEW_UNKNOWN) {
		text_str(text, "  ever      not known: something wrote over vmatlas's counters\n");
		return;
	}
	put_figure(text, "ever", view->allocated_bytes);
	text_str(text, "in ");
	put_count(text, view->allocations, "allocation");
	text_str(text, "; ");
	put_count(text, view->frees, "free");
	if (view->failed) {
		text_str(text, "; ");
		text_put_grouped(text, view->failed, 0);
		text_str(text, " refused");
	}
	text_char(text, '\n');
	if (!atlas->moved || view->sample_mean)
		return;
	text_repeat(text, ' ', 2 + 8 + SIZE_COLUMNS + 2);
	put_count(text, atlas->moved, "live block");
	text_str(text, " in a mapping that changed since\n");
}

static void put_holder(const struct report *report)
{
	const struct atlas *atlas = report->atlas;
	const struct atlas_stack *stack = atlas->stack;
	struct text *text = report->text;
	char owner[OWNER_BYTES];
	size_t length;

	if (!atlas->stacks || !stack->live_bytes)
		return;
	put_figure(text, "most by", stack->live_bytes);
	if (atlas->view->sample_mean) {
		text_str(text, "± ");
		text_size(text, stack->error[ATLAS_LIVE_BYTES]);
		text_str(text, ", ");
	}
	text_percent(text, stack->live_bytes, atlas->live_bytes);
	text_str(text, " of live, in ");
	text_put_grouped(text, stack->live_blocks, 0);
	report_text_count_error(text, atlas, stack->error[ATLAS_LIVE_BLOCKS]);
	text_str(text, stack->live_blocks == 1 ? " block: " : " blocks: ");
	length = owner_of_stack(report, stack->frame, owner);
	text_printable(text, owner, length);
	text_str(text, length ? "\n" : "a call stack that is not known\n");
}

/* -- The whole ------------------------------------------------------------------------------ */

static void put_head(const struct report *report)
{
	const struct atlas *atlas = report->atlas;
	struct text *text = report->text;

	put_title(text, atlas->view);
	put_command(text, atlas->view);
	put_running(text, atlas->view);
	put_resident(text, atlas);
	put_live(text, report);
	put_ever(text, atlas);
	put_holder(report);
	put_sampling(text, atlas);
	put_notices(report);
}

int report_text(const struct atlas *atlas, const struct names *names,
	const struct report_options *options, struct text *text)
{
	struct report report;

	report_begin(&report, atlas, names, options, text);
	put_head(&report);
	if (!atlas->view->maps_only)
		report_text_ledger(text, atlas);
	report_text_stacks(&report);
	report_text_mappings(&report);
	report_text_arenas(&report);
	report_text_regions(&report);
	report_text_threads(&report);
	report_text_phases(&report);
	if (options->blocks)
		report_text_blocks(&report);
	text_str(text, "\nvmatlas: end of report ");
	text_dec(text, atlas->view->number);
	text_char(text, '\n');
	return text_flush(text);
}
