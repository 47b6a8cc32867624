#include "report_text_phases.h"
#include "phase.h"
#include "text_column.h"

/* A person compares a few; the JSON report has all. */
enum { PHASES_SHOWN = 30 };

/* Since the shim's start, which is nearly the program's. */
static void put_time(const struct report *report, uint64_t time)
{
	const struct view *view = report->view;
	uint64_t ticks = time > view->start.ticks ? time - view->start.ticks : 0;
	char span[TEXT_HUMAN];

	text_right(report->text, text_duration_human(view_span_ns(view, ticks), span), 12);
}

static void put_size(struct text *text, uint64_t bytes, bool known)
{
	char size[TEXT_HUMAN];

	text_right(text, known ? text_size_human(bytes, size) : "?", 12);
}

static void put_phase(const struct report *report, const struct vmatlas_phase *phase)
{
	struct text *text = report->text;

	put_time(report, phase->time);
	put_size(text, phase->live_bytes, phase->live_bytes != VIEW_UNKNOWN);
	if (phase->live_blocks == VIEW_UNKNOWN)
		text_right(text, "?", 14);
	else
		text_put_grouped(text, phase->live_blocks, 14);
	put_size(text, phase->rss, phase->rss != 0);
	text_str(text, "  ");
	text_printable(text, phase->name, phase->name_length);
	text_char(text, '\n');
}

static void put_heading(struct text *text, uint32_t count)
{
	text_str(text, "\nPhases: ");
	text_put_grouped(text, count, 0);
	if (count > PHASES_SHOWN) {
		text_str(text, ", of which the last ");
		text_dec(text, PHASES_SHOWN);
	}
	text_str(text, "\n       after        live        blocks         RSS  phase\n");
}

void report_text_phases(const struct report *report)
{
	uint32_t count = phase_count(report->view);
	struct vmatlas_phase phase;

	if (!count)
		return;
	put_heading(report->text, count);
	for (uint32_t id = count > PHASES_SHOWN ? count - PHASES_SHOWN + 1 : 1; id <= count; id++) {
		if (phase_read(report->view, id, &phase))
			put_phase(report, &phase);
	}
}
