#include "facts.h"
#include "ask.h"
#include "boot.h"
#include "callstack.h"
#include "clock.h"
#include "config.h"
#include "crowd.h"
#include "history.h"
#include "interval.h"
#include "lock.h"
#include "mappings.h"
#include "modules.h"
#include "phases.h"
#include "process.h"
#include "procfile.h"
#include "regions.h"
#include "sample.h"
#include "signals.h"
#include "scratch.h"
#include "store.h"
#include "storefile.h"
#include "strings.h"
#include "sys.h"
#include "table.h"
#include "thread.h"
#include "totals.h"
#include "track.h"
#include "visible.h"
#include "watch.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

/* -- The process ---------------------------------------------------------------------------- */

/* All by /proc/thread-self: when the main thread has ended by pthread_exit, /proc/self is a
 * zombie's and has neither memory nor program. */
static void read_exe(struct facts *facts)
{
	long length = sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/thread-self/exe",
		(long)facts->exe, sizeof facts->exe - 1, 0, 0);

	facts->exe[length > 0 ? length : 0] = 0;
}

static void set_name(struct facts *facts)
{
	const char *slash = strrchr(facts->exe, '/');

	strncpy(facts->name, slash ? slash + 1 : "program", sizeof facts->name - 1);
}

static void read_kernel(struct facts *facts)
{
	struct utsname names;

	if (!sys_call(SYS_uname, (long)&names, 0, 0, 0, 0, 0))
		memcpy(facts->kernel, names.release, sizeof facts->kernel - 1);
}

static void gather_process(struct facts *facts, struct view *view)
{
	read_exe(facts);
	set_name(facts);
	read_kernel(facts);
	view->pid = (uint32_t)process_pid();
	view->page_size = 4096;
	view->exe = facts->exe;
	view->name = facts->name;
	view->kernel = facts->kernel;
	view->argv = facts->argv;
	view->argv_length =
		procfile_read("/proc/thread-self/cmdline", facts->argv, sizeof facts->argv);
}

uint32_t facts_mappings(char *buffer, size_t size)
{
	int fd = descriptor_open("/proc/thread-self/maps", O_RDONLY);
	uint32_t lines = 0;
	ssize_t length;

	while (fd >= 0 && (length = sys_read(fd, buffer, size)) > 0) {
		for (ssize_t i = 0; i < length; i++)
			lines += buffer[i] == '\n';
	}
	if (fd >= 0)
		sys_close(fd);
	return lines;
}

/* -- What was not seen ---------------------------------------------------------------------- */

void facts_lose(struct view *view, const char *name, const char *explanation, uint64_t count)
{
	if (view->losts < VIEW_LOST)
		view->lost[view->losts++] = (struct view_lost){name, explanation, count};
}

static void gather_lost(struct view *view, const struct thread_totals *totals)
{
	struct track_counts track = track_counts();
	struct callstack_counts callstacks = callstack_counts();
	struct ask_counts asks = ask_counts();

	facts_lose(view, "unknown_frees",
		"frees of blocks that are older than the shim or were not seen",
		totals->unknown_frees);
	facts_lose(view, "replaced_blocks",
		"blocks whose free was not seen: their address came again", totals->replaced);
	facts_lose(view, "totals_lost",
		"totals left out, as they cannot be true: something wrote over vmatlas's counters",
		(totals->allocations == VIEW_UNKNOWN) + (totals->peak_live_bytes == VIEW_UNKNOWN));
	facts_lose(view, "table_full", "blocks that the table could not hold", table_lost());
	facts_lose(view, "handler_allocations",
		"blocks without a call stack: made in a handler that interrupted the shim",
		track.elsewhere_allocations);
	facts_lose(view, "handler_frees", "frees in a handler that interrupted the shim",
		track.elsewhere_frees);
	facts_lose(view, "origins", "blocks without a call stack: that table could not grow",
		track.origins_lost);
	facts_lose(view, "samples", "samples whose weight could not be kept", sample_lost());
	facts_lose(view, "callstacks_lost", "call stacks that could not be kept", callstacks.lost);
	facts_lose(view, "callstacks_truncated", "call stacks that end early: libunwind failed",
		callstacks.truncated);
	facts_lose(view, "regions", "mappings whose caller could not be kept", regions_lost());
	facts_lose(view, "phases", "phases that could not be kept", phases_lost());
	facts_lose(view, "history", "frees that could not be remembered", history_lost());
	facts_lose(
		view, "births", "blocks whose mapping at birth could not be kept", mappings_lost());
	facts_lose(view, "threads", "threads that could not be followed", totals->lost);
	facts_lose(view, "maps_failures",
		"questions about a mapping that the kernel did not answer", asks.failures);
	facts_lose(view, "memory_refused", "times the kernel gave the shim no memory",
		store_refused());
	facts_lose(view, "store_missing",
		"bytes of tables that the store's file had no room for: it does not tell all",
		storefile_missing());
}

static void note(struct view *view, const char *sentence)
{
	if (view->notices < VIEW_NOTICES)
		view->notice[view->notices++] = sentence;
}

static void gather_notices(struct view *view, const struct thread_totals *totals)
{
	for (unsigned i = 0; i < config()->notices; i++)
		note(view, config()->notice[i]);
	if (signals_stepped_back())
		note(view, "the program uses the dump signal itself: ask with `vmatlas dump`");
	if (watch_step_ms() && !interval_runs())
		note(view,
			"no timer in this process: VMATLAS_INTERVAL and VMATLAS_LIMIT do nothing, "
			"VMATLAS_GROWTH sees live bytes only");
	if (visible_own_malloc())
		note(view, "this program's malloc is not visible: it defines one of its own");
	else if (!totals->allocations && view->number)
		note(view, "no allocation was seen: the program makes none, or its malloc is not "
			   "visible");
	if (!callstack_counts().libunwind)
		note(view,
			"libunwind-x86_64.so.8 was not found: call stacks follow frame pointers");
}

static const char *why_no_store(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "there is no file in VMATLAS_STORE: the directory is not there";
	case EACCES:
	case EPERM:
	case EROFS:
		return "there is no file in VMATLAS_STORE: it may not be written to";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "there is no file in VMATLAS_STORE: there is no room for it";
	}
	return "there is no file in VMATLAS_STORE: it could not be made";
}

static void gather_store(struct view *view)
{
	if (storefile_error())
		note(view, why_no_store(storefile_error()));
	if (storefile_inherited_late())
		note(view, "forked in a way that was not seen: blocks of the parent's are those of "
			   "this process's first call");
}

static void gather_verified(struct facts *facts, struct view *view)
{
	unsigned sentences = callstack_verifies() ? verify_say(facts->verified) : 0;

	for (unsigned i = 0; i < sentences; i++)
		note(view, facts->verified[i]);
}

/* -- Threads -------------------------------------------------------------------------------- */

static void read_name(struct vmatlas_thread *thread)
{
	char path[64], name[sizeof thread->name + 1] = "";
	struct text text;
	size_t length;

	text_init(&text, path, sizeof path - 1, NULL, NULL);
	text_str(&text, "/proc/self/task/");
	text_dec(&text, thread->tid);
	text_str(&text, "/comm");
	path[text.used] = 0;
	length = procfile_read(path, name, sizeof name);
	if (length && name[length - 1] == '\n')
		length--;
	if (!length)
		return;
	memset(thread->name, 0, sizeof thread->name);
	memcpy(thread->name, name, length < sizeof thread->name ? length : sizeof thread->name - 1);
}

/* The kernel's arguments stand at the top of the main stack, which grows: it is asked for anew. */
static void find_main_stack(struct vmatlas_thread *thread)
{
	struct ask_answer answer;

	if (ask_mapping(getauxval(AT_EXECFN), &answer, NULL, 0))
		return;
	thread->stack_start = answer.start;
	thread->stack_end = answer.end;
}

/* Names change, and the main stack does. */
static uint32_t refresh_threads(const struct lane *threads)
{
	uint32_t living = 0;

	for (uint32_t id = 1; id <= lane_count(threads); id++) {
		struct vmatlas_thread *thread = lane_get(threads, id);

		if (!thread->tid || thread->ended)
			continue;
		living++;
		read_name(thread);
		if (thread->flags & VMATLAS_THREAD_MAIN)
			find_main_stack(thread);
	}
	return living;
}

static void gather_threads(struct view *view)
{
	uint64_t living = refresh_threads(view->threads), all = crowd_threads();

	facts_lose(view, "threads_unseen",
		"threads that were not made by pthread_create and never allocated",
		all > living ? all - living : 0);
}

void facts_lose_meanwhile(struct view *view)
{
	struct thread_totals now = totals_read();
	uint64_t changed = now.allocations - view->allocations + now.frees - view->frees;

	facts_lose(view, "changed_meanwhile",
		"allocations and frees by other threads while this was read: it is of no single "
		"moment",
		now.allocations == VIEW_UNKNOWN ? 0 : changed);
}

/* -- The tables ----------------------------------------------------------------------------- */

static struct view_clock clock_of(struct clock_pair pair)
{
	return (struct view_clock){pair.ticks, pair.realtime_ns, pair.monotonic_ns};
}

void facts_tables(struct view *view)
{
	view->blocks = table_blocks();
	view->bigs = table_bigs();
	view->frames = callstack_frames();
	view->origins = track_origins();
	view->moments = track_moments();
	view->births = mappings_births();
	view->threads = thread_records();
	view->regions = regions_records();
	view->modules = modules_lane();
	view->strings = strings_lane();
	view->phases = phases_lane();
	view->freed = history_records();
	view->history = history_length;
	view->weights = sample_weights();
	view->sample_mean = sample_mean;
	view->glibc = boot_glibc();
	view->start = clock_of(clock_start());
	view->now = clock_of(clock_read());
}

static void gather_counters(struct view *view)
{
	struct thread_totals totals = totals_report();

	view->allocations = totals.allocations;
	view->allocated_bytes = totals.allocated_bytes;
	view->frees = totals.frees;
	view->freed_bytes = totals.freed_bytes;
	view->failed = totals.failed;
	view->peak_live_bytes = totals.peak_live_bytes;
	view->peak_error = totals.peak_error;
	view->resolution_ticks = track_counts().resolution_ticks;
	gather_lost(view, &totals);
	gather_notices(view, &totals);
}

static void gather_own(struct view *view)
{
	struct storefile_range ranges[STOREFILE_OWN];
	struct store_chunk chunks[STORE_CHUNKS];
	unsigned count = store_chunks(chunks, STORE_CHUNKS);

	for (unsigned i = 0; i < count; i++)
		view->own[view->owns++] =
			(struct view_range){chunks[i].start, chunks[i].start + chunks[i].size};
	count = storefile_own(ranges, STOREFILE_OWN);
	for (unsigned i = 0; i < count; i++)
		view->own[view->owns++] =
			(struct view_range){ranges[i].start, ranges[i].start + ranges[i].size};
	view->own[view->owns++] =
		(struct view_range){(uintptr_t)locks(), (uintptr_t)locks() + sizeof *locks()};
	view->own[view->owns++] = scratch_aside();
}

/* -- What the kernel says ------------------------------------------------------------------- */

static ssize_t read_smaps(void *context, void *buffer, size_t size)
{
	struct facts *facts = context;

	if (facts->smaps < 0)
		return facts->smaps;
	return descriptor_is(facts->smaps, &facts->smaps_identity)
		       ? sys_read(facts->smaps, buffer, size)
		       : -EBADF;
}

static int rewind_smaps(void *context)
{
	struct facts *facts = context;

	descriptor_close(facts->smaps, &facts->smaps_identity);
	facts->smaps = descriptor_open("/proc/thread-self/smaps", O_RDONLY);
	facts->smaps_identity = descriptor_identify(facts->smaps);
	return facts->smaps < 0 ? facts->smaps : 0;
}

static size_t runs_of(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	return pages_runs(&((struct facts *)context)->pages, from, end, runs, capacity);
}

static void gather_kernel(struct facts *facts, struct view *view)
{
	facts->smaps = -1;
	pages_open(&facts->pages);
	view->smaps_read = read_smaps;
	view->smaps_rewind = rewind_smaps;
	view->runs = runs_of;
	view->context = facts;
}

void facts_gather(struct facts *facts, struct view *view, uint32_t number, const char *reason)
{
	memset(view, 0, sizeof *view);
	view->number = number;
	view->reason = reason;
	view->complete = true;
	gather_process(facts, view);
	facts_tables(view);
	gather_counters(view);
	gather_store(view);
	gather_verified(facts, view);
	gather_threads(view);
	gather_own(view);
	gather_kernel(facts, view);
}

void facts_close(struct facts *facts)
{
	descriptor_close(facts->smaps, &facts->smaps_identity);
	pages_close(&facts->pages);
}
