#include "session.h"
#include "config.h"
#include "facts.h"
#include "kept.h"
#include "naming.h"
#include "output.h"
#include "scratch.h"
#include "state.h"
#include "survey.h"
#include "sys.h"
#include "testament.h"

#include "core/report.h"
#include "core/snapshot.h"

#include <errno.h>
#include <string.h>

enum {
	TEXT_BUFFER = 64 << 10,
	/* What a person reads of the call stacks. */
	TEXT_STACKS = 20,
	TEXT_DEPTH = 16,
	/* Mappings that come between the count and the reading. */
	MAPPINGS_MARGIN = 256,
};

/* Everything that one dump works with; mapped for it and unmapped after it. */
struct session {
	struct facts facts;
	struct view view;
	struct atlas atlas;
	struct naming naming;
	struct output output;
	struct text text;
	char buffer[TEXT_BUFFER];
	uint64_t scratch[TEXT_BUFFER / 8];
};

/* Reports of this process that could not be written: the next one says so. One dump at a time. */
static struct {
	uint64_t failed;
} self;

/* -- Memory --------------------------------------------------------------------------------- */

/* Ours while the dump lasts, and so the ledger counts it. */
static void own(struct view *view, const void *memory, size_t size)
{
	if (memory && view->owns < VIEW_OWN)
		view->own[view->owns++] =
			(struct view_range){(uintptr_t)memory, (uintptr_t)memory + size};
}

/* -- The three forms ------------------------------------------------------------------------ */

static int sink(void *output, const char *bytes, size_t length)
{
	return output_write(output, bytes, length);
}

/* The text shows the first frames of the first call stacks; JSON and its readers want all. */
static struct naming_wanted wanted_names(const struct session *session, int format)
{
	if (format == CONFIG_JSON)
		return (struct naming_wanted){.atlas = NULL};
	return (struct naming_wanted){&session->atlas, TEXT_STACKS, TEXT_DEPTH};
}

static int write_report(struct session *session, const struct names *names,
	const struct report_options *options, int format)
{
	return format == CONFIG_JSON ? report_json(&session->atlas, names, options, &session->text)
				     : report_text(&session->atlas, names, options, &session->text);
}

static void lose_names(struct session *session)
{
	const struct naming_counts *counts = &session->naming.counts;

	facts_lose(&session->view, "modules_changed",
		"modules whose file is another by now: their functions have no names",
		counts->modules_changed);
	facts_lose(&session->view, "modules_unreadable",
		"modules whose file cannot be read: their functions have no names",
		counts->modules_unreadable);
	facts_lose(&session->view, "names_lost", "names that the memory did not suffice for",
		counts->names_lost + counts->frames_lost);
}

/* Without memory for names or columns, the report says less. */
static int report(struct session *session, int format)
{
	struct report_options options = {
		.blocks = config()->blocks, .stacks = TEXT_STACKS, .depth = TEXT_DEPTH};
	struct naming_wanted wanted = wanted_names(session, format);
	struct names names = {naming_of, &session->naming};
	size_t naming_size = naming_memory(&session->view, &wanted);
	size_t size = (report_scratch(&session->atlas, &options) * 8 + 63) & ~(size_t)63;
	void *memory = scratch_take(naming_size + size);
	int error;

	if (memory) {
		options.scratch = memory;
		options.scratch_words = size / 8;
		naming_make(&session->naming, &session->view, &wanted, (char *)memory + size,
			naming_size);
	} else {
		names.of = NULL;
	}
	lose_names(session);
	error = write_report(session, &names, &options, format);
	if (memory)
		scratch_return(memory, naming_size + size);
	return error;
}

static int analyse_and_report(struct session *session, int format)
{
	uint32_t room = facts_mappings(session->buffer, sizeof session->buffer) + MAPPINGS_MARGIN;
	size_t size = atlas_memory(&session->view, room);
	void *memory = scratch_take(size);
	int error;

	if (!memory)
		return ENOMEM;
	own(&session->view, memory, size);
	session->view.complete =
		atlas_make(&session->atlas, &session->view, memory, size, room) == 0;
	facts_lose_meanwhile(&session->view);
	error = report(session, format);
	scratch_return(memory, size);
	return error;
}

static void survey(struct session *session, void *memory, size_t size)
{
	own(&session->view, memory, size);
	facts_lose(&session->view, "held_missed",
		"places where malloc may hold memory that is called trimmable",
		memory ? survey_take(&session->view, memory, size) : 0);
	facts_lose(&session->view, "not_surveyed",
		"looks at malloc's arenas, for which no memory was to be had", !memory);
}

static int write_surveyed(struct session *session, int format)
{
	size_t size = survey_memory(&session->view);
	void *memory = scratch_map(size);
	int error;

	survey(session, memory, size);
	if (format == CONFIG_SNAPSHOT)
		error = snapshot_write(&session->view, session->scratch, sizeof session->scratch,
			&session->text, NULL);
	else
		error = analyse_and_report(session, format);
	testament_write(&session->view);
	if (memory)
		scratch_return(memory, size);
	return error;
}

static int write_form(struct session *session, int format)
{
	int error;

	text_init(&session->text, session->buffer, sizeof session->buffer, sink, &session->output);
	error = write_surveyed(session, format);
	return error ? error : text_flush(&session->text);
}

static void state_output(const struct output *output, bool private, int error)
{
	if (private) {
		memcpy(vmatlas_state.private_path, output->path, sizeof vmatlas_state.private_path);
		vmatlas_state.private_error = error;
		vmatlas_state.private_finished++;
		return;
	}
	memcpy(vmatlas_state.path, output->path, sizeof vmatlas_state.path);
	vmatlas_state.fallback = output->fallback;
	vmatlas_state.error = error;
}

static int write_out(struct session *session, int format, bool private)
{
	struct output_facts facts = {
		.pid = (int)session->view.pid,
		.number = session->view.number,
		.name = session->view.name,
		.time_s = session->view.now.realtime_ns / 1000000000u,
		.private = private,
	};
	int error, closing;

	session->view.number = facts.number = output_number(&facts);
	facts_lose(&session->view, "reports_failed", "earlier reports that could not be written",
		self.failed);
	error = output_open(&session->output, &facts);
	if (!error) {
		error = write_form(session, format);
		closing = output_close(&session->output, !error);
		if (!error)
			error = closing;
	}
	if (!error)
		kept_add(&session->output, &facts);
	state_output(&session->output, private, error);
	self.failed = error ? self.failed + 1 : 0;
	return error;
}

int session_report(const char *reason, int format, uint32_t *number)
{
	struct session *session;
	int error;

	if (*number == 1)
		self.failed = 0; /* those of our parent */
	scratch_begin();
	session = scratch_take(sizeof *session);
	if (!session) {
		self.failed++;
		return ENOMEM;
	}
	facts_gather(&session->facts, &session->view, *number, reason);
	own(&session->view, session, sizeof *session);
	if (format < 0)
		error = write_out(session, (int)config()->format, false);
	else
		error = write_out(session, format & ~VMATLAS_REQUEST_PRIVATE,
			format & VMATLAS_REQUEST_PRIVATE);
	*number = session->view.number;
	facts_close(&session->facts);
	scratch_return(session, sizeof *session);
	return error;
}
