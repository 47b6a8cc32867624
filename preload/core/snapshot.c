#include "snapshot.h"

#include <errno.h>
#include <string.h>

#include "chunk.h"
#include "freed.h"

/* A writer in the shim holds a region for a handful of stores; one that stays busy for so many
 * looks is ours, interrupted by this very dump. */
enum { REGION_TRIES = 100 };

struct writer {
	const struct view *view;
	struct chunk_writer chunks;
	char *scratch;
	size_t size;
	int read_error; /* of smaps; a positive errno */
};

/* -- The process and the dump --------------------------------------------------------------- */

static void put_header(struct writer *writer)
{
	struct vmatlas_header header = {
		.byte_order = VMATLAS_BYTE_ORDER,
		.version = VMATLAS_STORE_VERSION,
		.page_size = writer->view->page_size,
		.word_size = sizeof(void *),
	};

	memcpy(header.magic, VMATLAS_STORE_MAGIC, sizeof(header.magic));
	text_bytes(writer->chunks.text, (const char *)&header, sizeof(header));
}

static struct vmatlas_instant instant(const struct view_clock *clock)
{
	return (struct vmatlas_instant){clock->ticks, clock->realtime_ns, clock->monotonic_ns};
}

static void put_facts(struct writer *writer)
{
	const struct view *view = writer->view;
	struct vmatlas_facts facts = {
		.pid = view->pid,
		.number = view->number,
		.flags = (view->complete ? VMATLAS_FACT_COMPLETE : 0) |
			 (view->glibc ? VMATLAS_FACT_GLIBC : 0) |
			 (view->runs ? VMATLAS_FACT_PAGES : 0) |
			 (view->maps_only ? VMATLAS_FACT_MAPS_ONLY : 0),
		.history = view->history,
		.start = instant(&view->start),
		.now = instant(&view->now),
		.resolution_ticks = view->resolution_ticks,
		.allocations = view->allocations,
		.allocated_bytes = view->allocated_bytes,
		.frees = view->frees,
		.freed_bytes = view->freed_bytes,
		.failed = view->failed,
		.peak_live_bytes = view->peak_live_bytes,
		.peak_error = view->peak_error,
		.sample_mean = view->sample_mean,
	};

	chunk_put(&writer->chunks, VMATLAS_TAG_FACTS, sizeof(facts), 1, &facts);
}

static void put_texts(struct writer *writer)
{
	const struct view *view = writer->view;

	chunk_put_text(&writer->chunks, VMATLAS_TAG_EXE, view->exe);
	chunk_put_text(&writer->chunks, VMATLAS_TAG_NAME, view->name);
	chunk_put_text(&writer->chunks, VMATLAS_TAG_KERNEL, view->kernel);
	chunk_put_text(&writer->chunks, VMATLAS_TAG_REASON, view->reason);
	chunk_put(&writer->chunks, VMATLAS_TAG_ARGV, 1, view->argv_length, view->argv);
	for (unsigned i = 0; i < view->notices; i++)
		chunk_put_text(&writer->chunks, VMATLAS_TAG_NOTICE, view->notice[i]);
}

static void put_lost(struct writer *writer, const struct view_lost *lost)
{
	size_t name = strlen(lost->name) + 1, explanation = strlen(lost->explanation) + 1;

	chunk_begin(&writer->chunks, VMATLAS_TAG_LOST, 1, sizeof(lost->count) + name + explanation);
	text_bytes(writer->chunks.text, (const char *)&lost->count, sizeof(lost->count));
	text_bytes(writer->chunks.text, lost->name, name);
	text_bytes(writer->chunks.text, lost->explanation, explanation);
	chunk_end(&writer->chunks);
}

static void put_process(struct writer *writer)
{
	const struct view *view = writer->view;

	put_header(writer);
	put_facts(writer);
	put_texts(writer);
	for (unsigned i = 0; i < view->losts; i++)
		put_lost(writer, &view->lost[i]);
	_Static_assert(sizeof(view->own[0]) == sizeof(struct vmatlas_range), "the file's range");
	chunk_put(&writer->chunks, VMATLAS_TAG_OWN, sizeof(view->own[0]), view->owns, view->own);
}

/* -- Blocks --------------------------------------------------------------------------------- */

/* A word for the file: of a large block it names a copy of its record. By the time the table of
 * large blocks could be written as it is, records of freed ones would serve others. 0 for a block
 * that is no more. */
static uint64_t copy_word(struct chunk_batch *bigs, const struct view *view, uint32_t *copies,
	const struct vmatlas_placed *placed)
{
	struct blocks_tables tables = view_tables(view);
	struct block block;
	uint64_t damaged;

	if (VMATLAS_WORD_SIZE(placed->word) != VMATLAS_SIZE_BIG)
		return placed->word;
	if (!blocks_describe(&tables, placed->window, placed->word, &block, &damaged))
		return 0;
	chunk_batch_put(bigs, &(struct vmatlas_big){block.address, block.size, block.time,
				      block.origin, block.thread, block.mapping, 0});
	return VMATLAS_WORD_OF_BIG(block.address, ++*copies);
}

static void put_blocks(struct writer *writer)
{
	const struct view *view = writer->view;
	struct blocks_tables tables = view_tables(view);
	size_t half = writer->size / 2;
	struct chunk_batch placed, bigs;
	struct blocks_cursor cursor;
	struct vmatlas_placed one;
	uint32_t copies = 0;

	chunk_batch_begin(
		&placed, &writer->chunks, VMATLAS_TAG_BLOCKS, sizeof(one), writer->scratch, half);
	chunk_batch_begin(&bigs, &writer->chunks, VMATLAS_TAG_BIGS, sizeof(struct vmatlas_big),
		writer->scratch + half, half);
	blocks_begin(&cursor, view->blocks, &tables);
	while (!writer->chunks.text->error && blocks_next_word(&cursor, &one.window, &one.word)) {
		one.word = copy_word(&bigs, view, &copies, &one);
		if (one.word)
			chunk_batch_put(&placed, &one);
	}
	chunk_batch_end(&placed);
	chunk_batch_end(&bigs);
}

/* -- Tables --------------------------------------------------------------------------------- */

static void put_lane(struct writer *writer, enum vmatlas_tag tag, const struct lane *lane)
{
	uint64_t count = lane_count(lane), done = 0;

	chunk_begin(&writer->chunks, tag, lane->record_size, count);
	for (unsigned i = 0; done < count; i++) {
		uint64_t part = lane_segment_length(i);

		if (part > count - done)
			part = count - done;
		text_bytes(writer->chunks.text, lane_get(lane, (uint32_t)done + 1),
			part * lane->record_size);
		done += part;
	}
	chunk_end(&writer->chunks);
}

/* One region as it was between two changes; all zeros, which is a free one, if it cannot be had. */
static struct vmatlas_region read_region(const struct vmatlas_region *record)
{
	struct vmatlas_region region;

	for (int i = 0; i < REGION_TRIES; i++) {
		uint32_t sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);

		region = *record;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(sequence & 1) &&
			__atomic_load_n(&record->sequence, __ATOMIC_RELAXED) == sequence) {
			region.sequence = 0;
			return region;
		}
	}
	return (struct vmatlas_region){0};
}

static void put_regions(struct writer *writer)
{
	const struct lane *lane = writer->view->regions;
	uint32_t count = lane_count(lane);

	chunk_begin(&writer->chunks, VMATLAS_TAG_REGIONS, sizeof(struct vmatlas_region), count);
	for (uint32_t id = 1; id <= count; id++) {
		struct vmatlas_region region = read_region(lane_get(lane, id));

		text_bytes(writer->chunks.text, (const char *)&region, sizeof(region));
	}
	chunk_end(&writer->chunks);
}

/* The empty places of a long ring take no room in the file. */
static void put_freed(struct writer *writer)
{
	const struct lane *lane = writer->view->freed;
	struct vmatlas_freed freed;
	struct chunk_batch batch;

	chunk_batch_begin(&batch, &writer->chunks, VMATLAS_TAG_FREED, sizeof(freed),
		writer->scratch, writer->size);
	for (uint32_t id = 1; id <= lane_count(lane) && !writer->chunks.text->error; id++) {
		if (freed_read(lane_get(lane, id), &freed))
			chunk_batch_put(&batch, &freed);
	}
	chunk_batch_end(&batch);
}

/* Who refers before what is referred to: a number that was written finds its record, since tables
 * only grow. */
static void put_tables(struct writer *writer)
{
	const struct view *view = writer->view;

	put_blocks(writer);
	put_lane(writer, VMATLAS_TAG_MOMENTS, view->moments);
	put_lane(writer, VMATLAS_TAG_BIRTHS, view->births);
	put_lane(writer, VMATLAS_TAG_ORIGINS, view->origins);
	if (view->sample_mean)
		put_lane(writer, VMATLAS_TAG_WEIGHTS, view->weights);
	put_regions(writer);
	if (view->freed)
		put_freed(writer);
	if (view->phases)
		put_lane(writer, VMATLAS_TAG_PHASES, view->phases);
	put_lane(writer, VMATLAS_TAG_THREADS, view->threads);
	put_lane(writer, VMATLAS_TAG_FRAMES, view->frames);
	put_lane(writer, VMATLAS_TAG_MODULES, view->modules);
	put_lane(writer, VMATLAS_TAG_STRINGS, view->strings);
	chunk_put(&writer->chunks, VMATLAS_TAG_EXTENTS, sizeof(*view->extent), view->extents,
		view->extent);
	chunk_put(&writer->chunks, VMATLAS_TAG_SIGHTINGS, sizeof(*view->sighting), view->sightings,
		view->sighting);
	chunk_put(&writer->chunks, VMATLAS_TAG_HELD, sizeof(*view->held), view->helds, view->held);
	chunk_put(&writer->chunks, VMATLAS_TAG_IMAGES, sizeof(*view->image), view->images,
		view->image);
}

/* -- Mappings and their pages --------------------------------------------------------------- */

/* What maps_reader reads, the file gets. */
static ssize_t read_and_put(void *context, void *buffer, size_t size)
{
	struct writer *writer = context;
	ssize_t got = writer->view->smaps_read(writer->view->context, buffer, size);

	if (got > 0)
		chunk_put(&writer->chunks, VMATLAS_TAG_SMAPS, 1, (uint64_t)got, buffer);
	return got;
}

static void put_runs(struct writer *writer, const struct view_run *runs, size_t count)
{
	chunk_begin(&writer->chunks, VMATLAS_TAG_RUNS, sizeof(struct vmatlas_run), count);
	for (size_t i = 0; i < count; i++) {
		struct vmatlas_run run = {runs[i].start, runs[i].end, runs[i].state, 0};

		text_bytes(writer->chunks.text, (const char *)&run, sizeof(run));
	}
	chunk_end(&writer->chunks);
}

/* In the last quarter of the scratch memory; the lines of smaps are in the others. */
static void put_pages(struct writer *writer, uint64_t start, uint64_t end)
{
	const struct view *view = writer->view;
	size_t capacity = writer->size / 4 / sizeof(struct view_run);
	struct view_run *runs = (void *)(writer->scratch + (writer->size / 4 * 3 & ~(size_t)15));
	uint64_t from = start, before;
	size_t count;

	do {
		before = from;
		count = view->runs(view->context, &from, end, runs, capacity);
		if (count)
			put_runs(writer, runs, count);
	} while (from > before && from < end && !writer->chunks.text->error);
	if (from == UINT64_MAX) {
		runs[0] = (struct view_run){before, end, 0};
		put_runs(writer, runs, 1);
	}
}

/* Mappings of the kernel's half ([vsyscall]) have no pages of the process. */
static bool has_pages(const struct writer *writer, const struct maps_line *mapping)
{
	return writer->view->runs && mapping->end <= (uint64_t)1 << 63;
}

static void put_mappings(struct writer *writer)
{
	const struct view *view = writer->view;
	struct maps_reader reader;
	struct maps_line mapping;
	const char *line;
	size_t length;
	int got = view->smaps_rewind(view->context);

	maps_reader_init(
		&reader, writer->scratch, writer->size / 4 * 3 & ~(size_t)15, read_and_put, writer);
	/* The path may be cut: only the addresses matter here. */
	reader.keep_long = true;
	if (got == 0)
		got = 1;
	while (got > 0 && !writer->chunks.text->error) {
		got = maps_reader_next(&reader, &line, &length);
		if (got > 0 && maps_parse(line, length, &mapping, NULL) == 0 &&
			has_pages(writer, &mapping))
			put_pages(writer, mapping.start, mapping.end);
	}
	if (got < 0)
		writer->read_error = -got;
}

/* -- The whole ------------------------------------------------------------------------------ */

static void put_end(struct writer *writer)
{
	struct vmatlas_end end = {
		.offset = chunk_offset(&writer->chunks),
		.error = (uint32_t)writer->read_error,
	};

	chunk_put(&writer->chunks, VMATLAS_TAG_END, sizeof(end), 1, &end);
}

int snapshot_write(
	const struct view *view, void *scratch, size_t size, struct text *text, int *read_error)
{
	struct writer writer = {view, {text, text->written}, scratch, size, 0};

	if (size < SNAPSHOT_SCRATCH_LEAST)
		return EINVAL;
	put_process(&writer);
	put_tables(&writer);
	put_mappings(&writer);
	put_end(&writer);
	if (read_error)
		*read_error = writer.read_error;
	return text_flush(text);
}
