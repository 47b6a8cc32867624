#include "snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "intake.h"
#include "pageruns.h"
#include "placed.h"
#include "relic.h"
#include "vmatlas_snapshot.h"

struct snapshot {
	struct view view;
	struct intake intake;
	struct blocks *blocks;
	struct lane lanes[INTAKE_TABLES]; /* those that are no lanes stay empty */
	struct pageruns pageruns;
	size_t smaps_at; /* what was read of smaps, bytes */
	uint32_t mappings;
};

static void *records_of(const struct snapshot *snapshot, enum intake_table table)
{
	return snapshot->intake.records[table].bytes;
}

static size_t count_of(const struct snapshot *snapshot, enum intake_table table)
{
	return snapshot->intake.records[table].count;
}

/* -- What the kernel said ------------------------------------------------------------------- */

static ssize_t read_smaps(void *context, void *buffer, size_t size)
{
	struct snapshot *snapshot = context;
	size_t rest = count_of(snapshot, INTAKE_SMAPS) - snapshot->smaps_at;

	if (size > rest)
		size = rest;
	if (size)
		memcpy(buffer, (char *)records_of(snapshot, INTAKE_SMAPS) + snapshot->smaps_at,
			size);
	snapshot->smaps_at += size;
	return (ssize_t)size;
}

static int rewind_smaps(void *context)
{
	struct snapshot *snapshot = context;

	snapshot->smaps_at = 0;
	return 0;
}

static size_t next_runs(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	const struct snapshot *snapshot = context;

	return pageruns_next(&snapshot->pageruns, from, end, runs, capacity);
}

static uint32_t count_mappings(struct snapshot *snapshot)
{
	char buffer[16384];
	struct maps_reader reader;
	struct maps_line mapping;
	const char *line;
	size_t length;
	uint32_t count = 0;

	maps_reader_init(&reader, buffer, sizeof(buffer), read_smaps, snapshot);
	reader.keep_long = true;
	while (maps_reader_next(&reader, &line, &length) > 0)
		count += maps_parse(line, length, &mapping, NULL) == 0;
	rewind_smaps(snapshot);
	return count;
}

static void put_mappings(struct snapshot *snapshot)
{
	const struct vmatlas_facts *facts = records_of(snapshot, INTAKE_FACTS);
	struct view *view = &snapshot->view;

	pageruns_make(&snapshot->pageruns, records_of(snapshot, INTAKE_RUNS),
		count_of(snapshot, INTAKE_RUNS));
	view->context = snapshot;
	view->smaps_read = read_smaps;
	view->smaps_rewind = rewind_smaps;
	view->runs = facts->flags & VMATLAS_FACT_PAGES ? next_runs : NULL;
	view->maps_only = facts->flags & VMATLAS_FACT_MAPS_ONLY;
	snapshot->mappings = count_mappings(snapshot);
}

/* -- The process and the dump --------------------------------------------------------------- */

static struct view_clock clock_of(const struct vmatlas_instant *instant)
{
	return (struct view_clock){instant->ticks, instant->realtime_ns, instant->monotonic_ns};
}

static void put_facts(struct snapshot *snapshot)
{
	const struct vmatlas_facts *facts = records_of(snapshot, INTAKE_FACTS);
	const struct vmatlas_end *end = records_of(snapshot, INTAKE_END);
	struct view *view = &snapshot->view;

	view->pid = facts->pid;
	view->page_size = snapshot->intake.page_size;
	view->number = facts->number;
	view->complete = facts->flags & VMATLAS_FACT_COMPLETE && !end->error;
	view->glibc = facts->flags & VMATLAS_FACT_GLIBC;
	view->start = clock_of(&facts->start);
	view->now = clock_of(&facts->now);
	view->history = facts->history;
	view->resolution_ticks = facts->resolution_ticks;
	view->allocations = facts->allocations;
	view->allocated_bytes = facts->allocated_bytes;
	view->frees = facts->frees;
	view->freed_bytes = facts->freed_bytes;
	view->failed = facts->failed;
	view->peak_live_bytes = facts->peak_live_bytes;
	view->peak_error = facts->peak_error;
	view->sample_mean = facts->sample_mean;
}

static const char *text_of(const struct snapshot *snapshot, enum intake_table table)
{
	const char *text = records_of(snapshot, table);

	return text ? text : "";
}

static void put_texts(struct snapshot *snapshot)
{
	struct view *view = &snapshot->view;
	size_t length = count_of(snapshot, INTAKE_ARGV);

	view->exe = text_of(snapshot, INTAKE_EXE);
	view->name = text_of(snapshot, INTAKE_NAME);
	view->kernel = text_of(snapshot, INTAKE_KERNEL);
	view->reason = text_of(snapshot, INTAKE_REASON);
	view->argv = text_of(snapshot, INTAKE_ARGV);
	/* A last argument without its NUL has the one that follows every text. */
	view->argv_length = length && view->argv[length - 1] ? length + 1 : length;
}

static void put_notices(struct snapshot *snapshot)
{
	const char *text = records_of(snapshot, INTAKE_NOTICES);
	struct view *view = &snapshot->view;

	for (uint32_t i = 0; i < snapshot->intake.records[INTAKE_NOTICES].chunks; i++) {
		if (view->notices < VIEW_NOTICES)
			view->notice[view->notices++] = text;
		text += strlen(text) + 1;
	}
}

/* Each is a count, a name and an explanation, as intake has checked, and a NUL more. */
static void put_lost(struct snapshot *snapshot)
{
	const char *bytes = records_of(snapshot, INTAKE_LOST);
	struct view *view = &snapshot->view;

	for (uint32_t i = 0; i < snapshot->intake.records[INTAKE_LOST].chunks; i++) {
		struct view_lost lost;

		memcpy(&lost.count, bytes, sizeof(lost.count));
		lost.name = bytes + sizeof(lost.count);
		lost.explanation = lost.name + strlen(lost.name) + 1;
		bytes = lost.explanation + strlen(lost.explanation) + 2;
		if (view->losts < VIEW_LOST)
			view->lost[view->losts++] = lost;
	}
}

static void put_own(struct snapshot *snapshot)
{
	const struct vmatlas_range *own = records_of(snapshot, INTAKE_OWN);
	struct view *view = &snapshot->view;

	for (size_t i = 0; i < count_of(snapshot, INTAKE_OWN) && view->owns < VIEW_OWN; i++)
		view->own[view->owns++] = (struct view_range){own[i].start, own[i].end};
}

static void put_survey(struct snapshot *snapshot)
{
	struct view *view = &snapshot->view;

	view->extent = records_of(snapshot, INTAKE_EXTENTS);
	view->extents = (uint32_t)count_of(snapshot, INTAKE_EXTENTS);
	view->sighting = records_of(snapshot, INTAKE_SIGHTINGS);
	view->sightings = (uint32_t)count_of(snapshot, INTAKE_SIGHTINGS);
	view->held = records_of(snapshot, INTAKE_HELD);
	view->helds = (uint32_t)count_of(snapshot, INTAKE_HELD);
	view->image = records_of(snapshot, INTAKE_IMAGES);
	view->images = (uint32_t)count_of(snapshot, INTAKE_IMAGES);
}

/* -- Tables --------------------------------------------------------------------------------- */

/* A frame is made after its caller's, so a chain of callers always ends. */
static void mend_frames(struct snapshot *snapshot)
{
	struct vmatlas_frame *frames = records_of(snapshot, INTAKE_FRAMES);
	size_t modules = count_of(snapshot, INTAKE_MODULES);

	for (size_t i = 0; i < count_of(snapshot, INTAKE_FRAMES); i++) {
		if (frames[i].parent > i)
			frames[i].parent = 0;
		if (frames[i].module > modules)
			frames[i].module = 0;
	}
}

static void mend_modules(struct snapshot *snapshot)
{
	struct vmatlas_module *modules = records_of(snapshot, INTAKE_MODULES);

	for (size_t i = 0; i < count_of(snapshot, INTAKE_MODULES); i++)
		if (modules[i].build_id_length > sizeof(modules[i].build_id))
			modules[i].build_id_length = 0;
}

static void mend_threads(struct snapshot *snapshot)
{
	struct vmatlas_thread *threads = records_of(snapshot, INTAKE_THREADS);

	for (size_t i = 0; i < count_of(snapshot, INTAKE_THREADS); i++)
		threads[i].name[sizeof(threads[i].name) - 1] = '\0';
}

static const struct lane *lane_of(struct snapshot *snapshot, enum intake_table table)
{
	const struct intake_records *records = &snapshot->intake.records[table];
	struct lane *lane = &snapshot->lanes[table];

	lane_over(lane, records->bytes, (uint32_t)records->count, records->record_size);
	return lane;
}

static void put_lanes(struct snapshot *snapshot)
{
	struct view *view = &snapshot->view;

	view->frames = lane_of(snapshot, INTAKE_FRAMES);
	view->origins = lane_of(snapshot, INTAKE_ORIGINS);
	view->weights = lane_of(snapshot, INTAKE_WEIGHTS);
	view->moments = lane_of(snapshot, INTAKE_MOMENTS);
	view->births = lane_of(snapshot, INTAKE_BIRTHS);
	view->bigs = lane_of(snapshot, INTAKE_BIGS);
	view->from_file = true;
	view->threads = lane_of(snapshot, INTAKE_THREADS);
	view->regions = lane_of(snapshot, INTAKE_REGIONS);
	view->modules = lane_of(snapshot, INTAKE_MODULES);
	view->phases = lane_of(snapshot, INTAKE_PHASES);
	view->freed = view->history ? lane_of(snapshot, INTAKE_FREED) : NULL;
	view->strings = lane_of(snapshot, INTAKE_STRINGS);
}

static int put_blocks(struct snapshot *snapshot, struct snapshot_fault *fault)
{
	int error = placed_make(&snapshot->blocks, records_of(snapshot, INTAKE_BLOCKS),
		count_of(snapshot, INTAKE_BLOCKS));

	snapshot->view.blocks = snapshot->blocks;
	if (error != E2BIG)
		return error;
	snprintf(fault->reason, sizeof(fault->reason),
		"its blocks lie scattered over more than %d GiB", PLACED_LEAVES_MOST / 256);
	fault->offset = 0;
	return EILSEQ;
}

/* -- The whole ------------------------------------------------------------------------------ */

static int take_store(struct snapshot *snapshot, FILE *store, struct snapshot_fault *fault)
{
	char *bytes;
	size_t length;
	FILE *file;
	int error = relic_read(store, &bytes, &length, fault);

	if (error)
		return error;
	file = fmemopen(bytes, length, "rb");
	error = file ? intake_read(&snapshot->intake, file, fault) : errno;
	if (file)
		fclose(file);
	free(bytes);
	return error;
}

static int fill(struct snapshot *snapshot, FILE *file, struct snapshot_fault *fault)
{
	int error = intake_read(&snapshot->intake, file, fault);

	if (error == INTAKE_STORE) {
		intake_free(&snapshot->intake);
		error = take_store(snapshot, file, fault);
	}
	if (!error)
		error = put_blocks(snapshot, fault);
	if (error)
		return error;
	mend_frames(snapshot);
	mend_modules(snapshot);
	mend_threads(snapshot);
	put_facts(snapshot);
	put_texts(snapshot);
	put_notices(snapshot);
	put_lost(snapshot);
	put_own(snapshot);
	put_survey(snapshot);
	put_lanes(snapshot);
	put_mappings(snapshot);
	return 0;
}

int snapshot_read(FILE *file, struct snapshot **snapshot, struct snapshot_fault *fault)
{
	struct snapshot *made = calloc(1, sizeof(*made));
	int error = made ? fill(made, file, fault) : ENOMEM;

	if (error)
		snapshot_free(made);
	else
		*snapshot = made;
	return error;
}

int snapshot_complain(const char *path, int error, const struct snapshot_fault *fault)
{
	if (error != EILSEQ)
		return complain_errno(path, error);
	if (!fault->offset)
		return complain_cannot(path, "%s", fault->reason);
	return complain_cannot(
		path, "damaged at byte %" PRIu64 ": %s", fault->offset, fault->reason);
}

int snapshot_open(const char *path, struct snapshot **snapshot)
{
	struct snapshot_fault fault;
	FILE *file = fopen(path, "rbe");
	int error;

	if (!file)
		return complain_errno(path, errno);
	error = snapshot_read(file, snapshot, &fault);
	fclose(file);
	return error ? snapshot_complain(path, error, &fault) : 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	placed_free(snapshot->blocks);
	intake_free(&snapshot->intake);
	free(snapshot);
}

const struct view *snapshot_view(const struct snapshot *snapshot)
{
	return &snapshot->view;
}

uint32_t snapshot_mappings(const struct snapshot *snapshot)
{
	return snapshot->mappings;
}
