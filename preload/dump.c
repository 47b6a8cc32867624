#include "dump.h"
#include "aside.h"
#include "boot.h"
#include "clock.h"
#include "facts.h"
#include "interrupt.h"
#include "interval.h"
#include "lock.h"
#include "naming.h"
#include "output.h"
#include "process.h"
#include "signals.h"
#include "state.h"
#include "store.h"
#include "sys.h"

#include "core/report.h"
#include "core/snapshot.h"

#include <errno.h>
#include <string.h>

enum {
	STACK_SIZE = 128 << 10,
	TEXT_BUFFER = 64 << 10,
	/* What a person reads of the call stacks. */
	TEXT_STACKS = 20,
	TEXT_DEPTH = 16,
	/* Mappings that come between the count and the reading. */
	MAPPINGS_MARGIN = 256,
};

enum dumping { DUMPING_NOT, DUMPING, DUMPING_AGAIN };

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

struct request {
	const char *reason;
	int format;
	int error;
};

static struct {
	char *stack_top;
	uint32_t number;
	/* Of the request that came during a dump: the last of several is the one that is met. */
	_Atomic int next_format;
} self;

/* -- Signals that our own writing may raise ------------------------------------------------- */

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

static uint64_t pending(void)
{
	uint64_t set = 0;

	sys_call(SYS_rt_sigpending, (long)&set, SYS_SIGSET_BYTES, 0, 0, 0, 0);
	return set;
}

/* What was not pending before came from our writing, and is nobody else's business. */
static void swallow(uint64_t before, int signal)
{
	uint64_t set = bit(signal);
	struct timespec now = {0, 0};

	if (!(before & set) && pending() & set)
		sys_call(SYS_rt_sigtimedwait, (long)&set, 0, (long)&now, SYS_SIGSET_BYTES, 0, 0);
}

/* -- Memory --------------------------------------------------------------------------------- */

/* Ours while the dump lasts, and so the ledger counts it. */
static void *scratch(struct view *view, size_t size)
{
	void *memory = sys_mmap_anonymous(size, PROT_READ | PROT_WRITE, MAP_NORESERVE);

	if (!memory)
		return NULL;
	sys_madvise(memory, size, MADV_RANDOM);
	if (view && view->owns < VIEW_OWN)
		view->own[view->owns++] =
			(struct view_range){(uintptr_t)memory, (uintptr_t)memory + size};
	return memory;
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

static int write_report(
	struct session *session, const struct names *names, const struct report_options *options,
	int format)
{
	return format == CONFIG_JSON
		       ? report_json(&session->atlas, names, options, &session->text)
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
	void *memory = scratch(NULL, naming_size + size);
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
		sys_munmap(memory, naming_size + size);
	return error;
}

static int analyse_and_report(struct session *session, int format)
{
	uint32_t room = facts_mappings(session->buffer, sizeof session->buffer) + MAPPINGS_MARGIN;
	size_t size = atlas_memory(&session->view, room);
	void *memory = scratch(&session->view, size);
	int error;

	if (!memory)
		return ENOMEM;
	session->view.complete =
		atlas_make(&session->atlas, &session->view, memory, size, room) == 0;
	error = report(session, format);
	sys_munmap(memory, size);
	return error;
}

static int write_form(struct session *session, int format)
{
	int error;

	text_init(&session->text, session->buffer, sizeof session->buffer, sink, &session->output);
	if (format == CONFIG_SNAPSHOT)
		error = snapshot_write(&session->view, session->scratch,
			sizeof session->scratch, &session->text, NULL);
	else
		error = analyse_and_report(session, format);
	return error ? error : text_flush(&session->text);
}

static void state_output(const struct output *output, int error)
{
	memcpy(vmatlas_state.path, output->path, sizeof vmatlas_state.path);
	vmatlas_state.fallback = output->fallback;
	vmatlas_state.error = error;
}

static int write_out(struct session *session, int format)
{
	struct output_facts facts = {
		.pid = (int)session->view.pid,
		.number = session->view.number,
		.name = session->view.name,
		.time_s = session->view.now.realtime_ns / 1000000000u,
	};
	int error = output_open(&session->output, &facts), closing;

	if (!error) {
		error = write_form(session, format);
		closing = output_close(&session->output, !error);
		if (!error)
			error = closing;
	}
	state_output(&session->output, error);
	return error;
}

static int dump_once(const char *reason, int format)
{
	struct session *session = scratch(NULL, sizeof *session);
	int error;

	if (!session)
		return ENOMEM;
	facts_gather(&session->facts, &session->view, ++self.number, reason);
	session->view.own[session->view.owns++] = (struct view_range){
		(uintptr_t)session, (uintptr_t)session + sizeof *session};
	error = write_out(session, format < 0 ? (int)config()->format : format);
	facts_close(&session->facts);
	sys_munmap(session, sizeof *session);
	return error;
}

/* -- One at a time -------------------------------------------------------------------------- */

static bool begin(int format)
{
	uint32_t state = DUMPING_NOT;

	if (atomic_compare_exchange_strong(&locks()->dumping, &state, DUMPING))
		return true;
	atomic_store(&self.next_format, format);
	while (state == DUMPING &&
		!atomic_compare_exchange_weak(&locks()->dumping, &state, DUMPING_AGAIN))
		;
	return state == DUMPING_NOT && begin(format);
}

/* False when another request came meanwhile: it is ours now. */
static bool end(int *format)
{
	uint32_t state = DUMPING;

	if (atomic_compare_exchange_strong(&locks()->dumping, &state, DUMPING_NOT))
		return true;
	atomic_store(&locks()->dumping, DUMPING);
	*format = atomic_load(&self.next_format);
	return false;
}

static void state_process(void)
{
	if (vmatlas_state.pid != (uint32_t)process_pid()) {
		self.number = 0;
		vmatlas_state.started = vmatlas_state.finished = 0;
	}
	vmatlas_state.pid = (uint32_t)process_pid();
}

static void work(void *argument, const struct aside_registers *registers)
{
	struct request *request = argument;

	(void)registers;
	do {
		state_process();
		vmatlas_state.started++;
		request->error = dump_once(request->reason, request->format);
		vmatlas_state.finished++;
	} while (!end(&request->format));
}

int dump(const char *reason, int format)
{
	struct request request = {reason, format, EBUSY};
	uint64_t signals, before;

	if (!boot_done() || !self.stack_top || process_vforked())
		return EAGAIN;
	sys_signals_block(&signals);
	if (begin(format)) {
		before = pending();
		aside_switch(work, &request, self.stack_top);
		swallow(before, SIGPIPE);
		swallow(before, SIGXFSZ);
	}
	sys_signals_restore(&signals);
	return request.error;
}

/* A program that asked for the default action and then sends itself the signal wants to end by it;
 * anybody else wants a report. */
static bool is_own_end(int signal, const siginfo_t *info)
{
	return signals_default_wanted(signal) && info->si_code <= 0 &&
	       info->si_pid == sys_getpid() && info->si_code != SI_QUEUE;
}

/* Only what `vmatlas dump` sends says which form is wanted. */
static int format_wanted(const siginfo_t *info)
{
	int value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;

	return value >= VMATLAS_REQUEST(0) && value <= VMATLAS_REQUEST(2) ? value & 3 : -1;
}

void dump_on_signal(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	if (is_own_end(signal, info))
		signals_let_through(signal, info);
	else
		dump(interval_sent(info) ? "interval" : "signal", format_wanted(info));
	interrupt_note(context);
	errno = error;
}

void dump_boot(void)
{
	char *stack = store_take(STACK_SIZE);

	if (stack)
		self.stack_top = stack + STACK_SIZE;
	state_process();
}
